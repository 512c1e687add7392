import { isSessionID } from '../../opencode/ids.ts'
import type { BlockID } from '../../opencode/ids.ts'
import { outputLimit } from '../../session/model.ts'
import type { FileChange, ToolBlock, ToolKind, ToolPicture, ToolStatus } from '../../session/model.ts'
import { lighter, newFilePatch, readFileDiff } from '../fileDiffs.ts'
import { tailOf } from '../outputTail.ts'
import { collect, compact, fields, list, number, text, toJsonObject, word, words } from '../reading.ts'
import type { Fields } from '../reading.ts'
import { describeTool } from '../toolTargets.ts'

const kinds: { readonly [name: string]: ToolKind | undefined } = {
  apply_patch: 'patch',
  edit: 'edit',
  glob: 'glob',
  grep: 'grep',
  list: 'list',
  patch: 'patch',
  question: 'question',
  read: 'read',
  shell: 'shell',
  skill: 'skill',
  subagent: 'subagent',
  webfetch: 'fetch',
  websearch: 'fetch',
  write: 'write',
}

/** A tool call of the content of a message. */
export function readToolBlock(id: BlockID, wire: Fields): ToolBlock {
  const name = word(wire['name']) ?? 'unknown'
  const kind = toolKind(name)
  const state = fields(wire['state'])
  const input = typeof state['input'] === 'string' ? partialInput(state['input']) : fields(state['input'])
  const metadata = fields(state['metadata'])
  const time = fields(wire['time'])
  const isDone = state['status'] === 'completed'
  return compact({
    type: 'tool' as const,
    id,
    callID: text(wire['id']) ?? '',
    name,
    kind,
    status: readStatus(state),
    ...describeTool({ name, kind, input, metadata, state, isDone }),
    input: toJsonObject(input, outputLimit),
    ...readOutput(state, metadata),
    error: text(fields(state['error'])['message']),
    started: number(time['ran']) ?? number(time['created']),
    ended: number(time['completed']),
    exitCode: number(metadata['exit']),
    files: nonEmpty(readFiles(kind, { input, metadata, isDone })),
    pictures: readPictures(state),
    answers: kind === 'question' ? readAnswers(metadata, input) : undefined,
    childSessionID: isSessionID(metadata['sessionID']) ? metadata['sessionID'] : undefined,
  })
}

function toolKind(name: string): ToolKind {
  return (Object.hasOwn(kinds, name) ? kinds[name] : undefined) ?? 'other'
}

function readStatus(state: Fields): ToolStatus {
  switch (state['status']) {
    case 'running':
      return 'running'
    case 'completed':
      return 'completed'
    case 'error':
      return fields(state['error'])['type'] === 'aborted' ? 'interrupted' : 'failed'
    default:
      return 'pending'
  }
}

/** The text of all that a call gave back. */
export function outputOf(state: Fields): string | undefined {
  const texts = list(state['content']).flatMap((item) => {
    const { type, text: said } = fields(item)
    return type === 'text' && typeof said === 'string' ? [said] : []
  })
  return texts.length === 0 ? undefined : texts.join('\n')
}

function readOutput(
  state: Fields,
  metadata: Fields,
): { output: string | undefined; outputCut: boolean | undefined } {
  const whole = outputOf(state)
  if (whole === undefined) return { output: undefined, outputCut: undefined }
  const isCut = whole.length > outputLimit
  return {
    output: isCut ? tailOf(whole) : whole,
    outputCut: isCut || metadata['truncated'] === true ? true : undefined,
  }
}

interface Call {
  readonly input: Fields
  readonly metadata: Fields
  readonly isDone: boolean
}

function readFiles(kind: ToolKind, { input, metadata, isDone }: Call): readonly FileChange[] {
  if (kind !== 'edit' && kind !== 'write' && kind !== 'patch') return []
  const told = collect(metadata['files'], readFileDiff).map(lighter)
  if (told.length > 0 || kind !== 'write' || !isDone) return told
  const path = word(input['filePath']) ?? word(input['path'])
  if (path === undefined) return []
  const patch = newFilePatch(path, text(input['content']) ?? '')
  return [lighter({ path, patch, additions: 0, deletions: 0, status: 'modified' })]
}

const previewLimit = 400_000
const pictureUrl = /^data:(image\/(?:png|jpe?g|gif|webp|bmp|avif));base64,/i

/** Pictures among what a call gave back. */
function readPictures(state: Fields): readonly ToolPicture[] | undefined {
  return nonEmpty(
    pictureFiles(state).map(({ index, uri, mime, name }) =>
      compact({ index, mime, name, preview: uri.length <= previewLimit ? uri : undefined }),
    ),
  )
}

interface PictureFile {
  readonly index: number
  readonly uri: string
  readonly mime: string
  readonly name: string | undefined
}

export function pictureFiles(state: Fields): readonly PictureFile[] {
  return list(state['content']).flatMap((item, index) => {
    const wire = fields(item)
    const uri = text(wire['uri']) ?? ''
    const mime = wire['type'] === 'file' ? pictureUrl.exec(uri)?.[1] : undefined
    return mime === undefined ? [] : [{ index, uri, mime: mime.toLowerCase(), name: word(wire['name']) }]
  })
}

/** By the keys `q0`, `q1`, … of the form that a question becomes. */
function readAnswers(metadata: Fields, input: Fields): ToolBlock['answers'] {
  const answer = fields(metadata['answer'] ?? metadata['answers'])
  if (Object.keys(answer).length === 0) return undefined
  return list(input['questions']).map((_, index) => {
    const said = answer[`q${index}`]
    return typeof said === 'string' ? [said] : words(said)
  })
}

/**
 * What can be said of an input while the model writes it: its text fields so far. Broken JSON is the normal case,
 * so nothing here throws.
 */
function partialInput(raw: string): Fields {
  try {
    return fields(JSON.parse(raw))
  } catch {
    return Object.fromEntries(
      [...raw.matchAll(/"([\w$-]{1,80})"\s*:\s*"((?:[^"\\]|\\.)*)/g)].map(([, key = '', value = '']) => [
        key,
        unescape(value),
      ]),
    )
  }
}

function unescape(value: string): string {
  try {
    return JSON.parse(`"${value}"`) as string
  } catch {
    return value
  }
}

function nonEmpty<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items
}
