import { toBlockID } from '../../opencode/ids.ts'
import type { BlockID } from '../../opencode/ids.ts'
import type { Block, FileBlock, NoticeBlock, ReasoningBlock, TextBlock } from '../../session/model.ts'
import { previewOf } from './pictures.ts'
import { readToolBlock } from './tools.ts'
import { pathOfFileUrl } from '../promptContent.ts'
import { compact, fields, number, text, word, words } from '../reading.ts'
import { loose } from './wire.ts'
import type { Loose, WirePart } from './wire.ts'

/** All that the message of a shell line holds. */
const shellWords = 'The following tool was executed by the user'

/** A part of a message as a block; undefined for parts that have nothing to show. */
export function readBlock(value: unknown): Block | undefined {
  const part = loose<WirePart>(value)
  const id = readBlockID(part?.id)
  if (!part || id === undefined) return undefined
  switch (part.type) {
    case 'text':
      return part.synthetic === true && part.text === shellWords
        ? { type: 'notice', id, notice: 'shell', text: 'You ran a command line' }
        : readText(id, part)
    case 'reasoning':
      return readReasoning(id, part)
    case 'tool':
      return readToolBlock(id, part)
    case 'file':
      return readFile(id, part)
    default:
      return readNotice(id, part)
  }
}

export function readBlockID(value: unknown): BlockID | undefined {
  try {
    return toBlockID(value)
  } catch {
    return undefined
  }
}

type Part = Loose<WirePart>

/** Only what the model writes has times; what a user wrote is complete from the start. */
function isOpen(part: Part): boolean {
  const time = fields(part.time)
  return number(time['start']) !== undefined && time['end'] === undefined
}

function readText(id: BlockID, part: Part): TextBlock {
  return compact({
    type: 'text' as const,
    id,
    text: text(part.text) ?? '',
    open: isOpen(part),
    synthetic: part.synthetic === true ? true : undefined,
  })
}

function readReasoning(id: BlockID, part: Part): ReasoningBlock {
  const time = fields(part.time)
  return compact({
    type: 'reasoning' as const,
    id,
    text: text(part.text) ?? '',
    open: isOpen(part),
    started: number(time['start']),
    ended: number(time['end']),
  })
}

function readFile(id: BlockID, part: Part): FileBlock {
  const url = text(part.url) ?? ''
  const mime = text(part.mime) ?? 'application/octet-stream'
  const source = fields(part.source)
  const path = pathOfFileUrl(url) ?? word(source['path'])
  return compact({
    type: 'file' as const,
    id,
    mime,
    name: word(part.filename) ?? path?.split(/[\\/]/).pop() ?? 'file',
    path,
    lines: linesOf(url, fields(source['text'])['value']),
    preview: previewOf(url),
  })
}

/** `?start=2&end=3` of a file URL, else the `#2-3` at the end of the mention that came with inline content. */
function linesOf(url: string, mention: unknown): FileBlock['lines'] {
  const range = url.startsWith('file://')
    ? /[?&]start=(\d+)(?:&end=(\d+))?/.exec(url)
    : /#(\d+)-(\d+)$/.exec(text(mention) ?? '')
  if (!range) return undefined
  const start = Number(range[1])
  const end = Number(range[2] ?? start)
  return start >= 1 && end >= start ? { start, end } : undefined
}

function readNotice(id: BlockID, part: Part): NoticeBlock | undefined {
  const notice = (kind: NoticeBlock['notice'], said: string): NoticeBlock => ({
    type: 'notice',
    id,
    notice: kind,
    text: said,
  })
  switch (part.type) {
    case 'compaction':
      return notice(
        'compaction',
        part.auto === true ? 'Conversation summarized automatically' : 'Conversation summarized',
      )
    case 'agent':
      return notice('agent', `@${text(part.name) ?? ''}`)
    case 'subtask':
      return notice('subtask', text(part.description) ?? text(part.prompt) ?? '')
    case 'retry':
      return notice(
        'retry',
        text(fields(fields(part.error)['data'])['message']) ?? 'The provider call was repeated',
      )
    case 'patch':
      return notice('patch', words(part.files).join('\n'))
    default:
      return undefined
  }
}
