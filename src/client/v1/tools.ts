import { isSessionID } from '../../opencode/ids.ts'
import type { BlockID } from '../../opencode/ids.ts'
import { outputLimit } from '../../session/model.ts'
import type { FileChange, ToolBlock, ToolKind, ToolStatus } from '../../session/model.ts'
import { fileChange, lighter, newFilePatch, readFileDiff } from '../fileDiffs.ts'
import { tailOf } from '../outputTail.ts'
import { toolPictures } from './pictures.ts'
import { collect, compact, fields, list, number, text, toJsonObject, word, words } from '../reading.ts'
import type { Fields } from '../reading.ts'
import { readTodos } from './sessions.ts'
import type { ToolCall } from '../toolTargets.ts'
import { describeTool } from '../toolTargets.ts'
import type { Loose, WirePart } from './wire.ts'

const kinds: { readonly [name: string]: ToolKind | undefined } = {
  apply_patch: 'patch',
  bash: 'shell',
  codesearch: 'fetch',
  edit: 'edit',
  glob: 'glob',
  grep: 'grep',
  list: 'list',
  ls: 'list',
  multiedit: 'edit',
  patch: 'patch',
  question: 'question',
  read: 'read',
  skill: 'skill',
  task: 'subagent',
  todoread: 'todo',
  todowrite: 'todo',
  webfetch: 'fetch',
  websearch: 'fetch',
  write: 'write',
}

/** A tool call. Its state has four forms, which all go into one shape. */
export function readToolBlock(id: BlockID, part: Loose<WirePart>): ToolBlock {
  const name = word(part.tool) ?? 'unknown'
  const kind = toolKind(name)
  const state = fields(part.state)
  const input = fields(state['input'])
  const metadata = fields(state['metadata'])
  const time = fields(state['time'])
  const call: ToolCall = { name, kind, input, metadata, state, isDone: state['status'] === 'completed' }
  return compact({
    type: 'tool' as const,
    id,
    callID: text(part.callID) ?? '',
    name,
    kind,
    status: readStatus(state, metadata),
    ...describeTool(call),
    input: toJsonObject(input, outputLimit),
    ...readOutput(call),
    error: word(state['error']),
    started: number(time['start']),
    ended: number(time['end']),
    exitCode: number(metadata['exit']),
    files: nonEmpty(readFiles(call)),
    pictures: toolPictures(state),
    todos: kind === 'todo' ? readTodos(metadata['todos'] ?? input['todos']) : undefined,
    answers:
      kind === 'question' && metadata['answers'] !== undefined
        ? list(metadata['answers']).map(words)
        : undefined,
    childSessionID: isSessionID(metadata['sessionId']) ? metadata['sessionId'] : undefined,
  })
}

export function toolKind(name: string): ToolKind {
  return (Object.hasOwn(kinds, name) ? kinds[name] : undefined) ?? 'other'
}

function readStatus(state: Fields, metadata: Fields): ToolStatus {
  switch (state['status']) {
    case 'running':
      return 'running'
    case 'completed':
      // A command that was ended by force has no exit code; only its tool writes `exit` at all.
      return metadata['exit'] === null ? 'interrupted' : 'completed'
    case 'error':
      return metadata['interrupted'] === true || state['error'] === 'Tool execution aborted'
        ? 'interrupted'
        : 'failed'
    default:
      return 'pending'
  }
}

function readOutput(call: ToolCall): { output: string | undefined; outputCut: boolean | undefined } {
  const whole = fullOutput(call.kind, call.state)
  if (whole === undefined) return { output: undefined, outputCut: undefined }
  const isCut = whole.length > outputLimit
  // A read that shows some lines of a file is "truncated" too, but there is nothing more in its output.
  const wasCut = call.kind !== 'read' && call.metadata['truncated'] === true
  return { output: isCut ? tailOf(whole) : whole, outputCut: isCut || wasCut ? true : undefined }
}

/** All the output that the server sends with a tool part: for commands and reads its plain form. */
export function fullOutput(kind: ToolKind, state: Fields): string | undefined {
  const metadata = fields(state['metadata'])
  const plain =
    kind === 'shell' ? word(metadata['output']) : kind === 'read' ? readDisplay(metadata) : undefined
  return plain ?? text(state['output']) ?? text(metadata['output'])
}

function readDisplay(metadata: Fields): string | undefined {
  const display = fields(metadata['display'])
  if (display['type'] === 'file') return text(display['text'])
  return display['type'] === 'directory' ? words(display['entries']).join('\n') : undefined
}

function readFiles(call: ToolCall): readonly FileChange[] {
  const { kind, metadata, isDone } = call
  if (kind === 'edit') return readEdit(call)
  if (kind === 'patch') return collect(metadata['files'], readPatchedFile)
  if (kind === 'write' && isDone) return readWritten(call)
  return []
}

function readEdit({ metadata, input }: ToolCall): readonly FileChange[] {
  const change = readFileDiff(metadata['filediff'])
  if (change) return [lighter(change)]
  const path = word(input['filePath'])
  const patch = word(metadata['diff'])
  return path === undefined || patch === undefined
    ? []
    : [lighter(fileChange({ path, patch, status: 'modified' }))]
}

/** One file of a patch, as its call and the question about it name it. */
export function readPatchedFile(value: unknown): FileChange | undefined {
  const wire = fields(value)
  const movePath = word(wire['movePath'])
  const path = movePath ?? word(wire['filePath']) ?? word(wire['relativePath'])
  if (path === undefined) return undefined
  const patch = word(wire['patch']) ?? word(wire['diff'])
  const status = wire['type'] === 'add' ? 'added' : wire['type'] === 'delete' ? 'deleted' : 'modified'
  const counts = { additions: number(wire['additions']), deletions: number(wire['deletions']) }
  const movedFrom = movePath === undefined ? undefined : word(wire['filePath'])
  return compact({ ...lighter(fileChange({ path, patch, status, ...counts })), movedFrom })
}

/** The server sends no diff for a written file; for a new one the content itself tells it. */
function readWritten({ metadata, input }: ToolCall): readonly FileChange[] {
  const path = word(metadata['filepath']) ?? word(input['filePath'])
  if (path === undefined) return []
  if (metadata['exists'] !== false) return [{ path, additions: 0, deletions: 0, status: 'modified' }]
  return [
    lighter(fileChange({ path, patch: newFilePatch(path, text(input['content']) ?? ''), status: 'added' })),
  ]
}

function nonEmpty<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items
}
