import { toBlockID } from '../../opencode/ids.ts'
import type { BlockID, MessageID } from '../../opencode/ids.ts'
import type {
  AssistantMessage,
  Block,
  FileBlock,
  Message,
  NoticeBlock,
  PromptDelivery,
  UserMessage,
} from '../../session/model.ts'
import { pathOfFileUrl } from '../promptContent.ts'
import { compact, fields, list, number, text, word, words } from '../reading.ts'
import type { Fields } from '../reading.ts'
import { readMessageID, readModelRef, readRunError } from './sessions.ts'
import { readTokens } from '../tokens.ts'
import { readToolBlock } from './tools.ts'

/** Key of what we put into the metadata of a prompt, to know its parts again. */
export const promptMark = 'opencodeSessions'
/** The file that words for the model alone travel as. */
export const hiddenName = 'context.txt'

/** The id of the block at a place of a message: ids sort as the places do. */
export function blockAt(index: number): BlockID {
  return toBlockID(`c${String(index).padStart(5, '0')}`)
}

/** Behind all that a message holds. */
const lastBlock = toBlockID('z')

/**
 * What one stored message is to us. Shell lines and summaries, which are one message there, are a prompt and its
 * answer here; marks of switches and of the end of a turn are nothing.
 */
export function readMessage(value: unknown): readonly Message[] {
  const wire = fields(value)
  const id = readMessageID(wire['id'])
  if (id === undefined) return []
  switch (wire['type']) {
    case 'user':
      return [readUser(id, wire)]
    case 'assistant':
      return [readAssistant(id, wire)]
    case 'shell':
      return readShell(id, wire)
    case 'compaction':
      return readCompaction(id, wire)
    case 'synthetic':
    case 'skill':
      return readNote(id, wire)
    default:
      return []
  }
}

function createdOf(wire: Fields): number {
  return number(fields(wire['time'])['created']) ?? 0
}

/** A prompt of ours names the ids of its parts, so that they stay the same blocks. */
function readUser(id: MessageID, wire: Fields): UserMessage {
  const mark = fields(fields(wire['metadata'])[promptMark])
  const said = word(wire['text'])
  const files = filesOfPrompt(wire)
  const blocks: Block[] = said === undefined ? [] : [textBlock(readBlockID(mark['text'], 0), said)]
  for (const { id: block, file, isHidden } of files) blocks.push(readFile(block, file, isHidden))
  for (const [index, agent] of list(wire['agents']).entries()) {
    const block = readBlockID(list(mark['agents'])[index], index + files.length + 1)
    blocks.push(notice(block, 'agent', `@${text(fields(agent)['name']) ?? ''}`))
  }
  blocks.sort((left, right) => (left.id < right.id ? -1 : 1))
  return { id, role: 'user', created: createdOf(wire), blocks }
}

/** A file of a prompt, and the block that it is. */
interface PromptFile {
  readonly id: BlockID
  /** As it is stored. */
  readonly file: Fields
  /** Whether it holds words for the model alone. */
  readonly isHidden: boolean
}

/** The files of a stored prompt in their order. */
export function filesOfPrompt(wire: Fields): readonly PromptFile[] {
  const named = [...list(fields(fields(wire['metadata'])[promptMark])['files']).map(fields)]
  return list(wire['files']).map((value, index) => {
    const file = fields(value)
    // The server leaves out what it could not read.
    const place = named.findIndex(({ name }) => name === file['name'])
    const [found] = place < 0 ? [] : named.splice(0, place + 1).slice(-1)
    const isHidden = found !== undefined && file['name'] === hiddenName
    return { id: readBlockID(found?.['id'], index + 1), file, isHidden }
  })
}

function readBlockID(value: unknown, index: number): BlockID {
  try {
    return toBlockID(value)
  } catch {
    return blockAt(index)
  }
}

function textBlock(id: BlockID, said: string): Block {
  return { type: 'text', id, text: said, open: false }
}

function notice(id: BlockID, kind: NoticeBlock['notice'], said: string): NoticeBlock {
  return { type: 'notice', id, notice: kind, text: said }
}

const previewLimit = 400_000

/** The server keeps the bytes of a file in the message; of a prompt that is on its way there is only the address. */
function readFile(id: BlockID, wire: Fields, isHidden: boolean): Block {
  const uri = text(fields(wire['source'])['uri']) ?? text(wire['uri']) ?? ''
  const { mime, data } = contentOf(wire, uri)
  if (isHidden && data !== undefined) {
    const said = Buffer.from(data, 'base64').toString('utf8')
    return { type: 'text', id, text: said, open: false, synthetic: true }
  }
  const { path, lines } = placeOf(wire, uri)
  const preview = mime.startsWith('image/') && data !== undefined ? `data:${mime};base64,${data}` : ''
  return compact({
    type: 'file' as const,
    id,
    mime,
    name: word(wire['name']) ?? path?.split(/[\\/]/).pop() ?? 'file',
    path,
    lines,
    preview: preview !== '' && preview.length <= previewLimit ? preview : undefined,
  })
}

interface FileContent {
  readonly mime: string
  readonly data: string | undefined
}

function contentOf(wire: Fields, uri: string): FileContent {
  const inline = /^data:([^;,]*)[^,]*;base64,(.*)$/s.exec(uri)
  const mime = word(wire['mime']) ?? word(inline?.[1]) ?? 'application/octet-stream'
  return { mime, data: text(wire['data']) ?? inline?.[2] }
}

/** Of a file that the server read itself its address tells; what came with the prompt is described by us. */
function placeOf(wire: Fields, uri: string): Pick<FileBlock, 'path' | 'lines'> {
  const described = /^(.*?)(?:#(\d+)-(\d+))?$/s.exec(word(wire['description']) ?? '')
  return compact({
    path: pathOfFileUrl(uri) ?? absolutePath(described?.[1]),
    lines: linesOf(uri) ?? range(described?.[2], described?.[3]),
  })
}

function absolutePath(value: string | undefined): string | undefined {
  return value !== undefined && /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(value) ? value : undefined
}

function linesOf(url: string): FileBlock['lines'] {
  const found = url.startsWith('file://') ? /[?&]start=(\d+)(?:&end=(\d+))?/.exec(url) : null
  return found ? range(found[1], found[2]) : undefined
}

function range(first: string | undefined, last: string | undefined): FileBlock['lines'] {
  const start = Number(first)
  const end = Number(last ?? first)
  return start >= 1 && end >= start ? { start, end } : undefined
}

function readAssistant(id: MessageID, wire: Fields): AssistantMessage {
  const time = fields(wire['time'])
  const completed = number(time['completed'])
  const isDone = completed !== undefined || number(time['streamed']) !== undefined
  const content = list(wire['content'])
  const blocks = content.map((item, index) =>
    readContent(blockAt(index), fields(item), !isDone && index === content.length - 1),
  )
  const files = words(fields(wire['snapshot'])['files'])
  if (files.length > 0) blocks.push(notice(lastBlock, 'patch', files.join('\n')))
  return compact({
    id,
    role: 'assistant' as const,
    created: createdOf(wire),
    agent: word(wire['agent']),
    model: readModelRef(wire['model']),
    completed,
    finish: word(wire['finish']),
    error: readRunError(wire['error']),
    cost: number(wire['cost']) ?? 0,
    tokens: readTokens(wire['tokens']),
    blocks,
  })
}

/** Text does not say whether more of it comes; only the last item of an answer that is being written can be open. */
function readContent(id: BlockID, wire: Fields, isLast: boolean): Block {
  const said = text(wire['text']) ?? ''
  if (wire['type'] === 'tool') return readToolBlock(id, wire)
  if (wire['type'] !== 'reasoning') return { type: 'text', id, text: said, open: isLast }
  const time = fields(wire['time'])
  const ended = number(time['completed'])
  const open = isLast && ended === undefined
  return compact({
    type: 'reasoning' as const,
    id,
    text: said,
    open,
    started: number(time['created']),
    ended,
  })
}

/** The id of the answer that we make of one stored message. */
export function answerID(id: MessageID): MessageID {
  return `${id}~` as MessageID
}

function answerTo(id: MessageID, wire: Fields, blocks: readonly Block[]): AssistantMessage {
  const isOver = wire['status'] !== 'running'
  const created = createdOf(wire)
  return compact({
    id: answerID(id),
    role: 'assistant' as const,
    promptID: id,
    created,
    completed: number(fields(wire['time'])['completed']) ?? (isOver ? created : undefined),
    error: readRunError(wire['error']),
    cost: number(wire['cost']) ?? 0,
    tokens: readTokens(wire['tokens']),
    blocks,
  })
}

/** A command line of the user's own. */
function readShell(id: MessageID, wire: Fields): readonly Message[] {
  const created = createdOf(wire)
  const isRunning = wire['status'] === 'running'
  const output = fields(wire['output'])
  const state = {
    status: isRunning ? 'running' : 'completed',
    input: { command: wire['command'] },
    content: isRunning ? [] : [{ type: 'text', text: text(output['output']) ?? '' }],
    metadata: { exit: wire['exit'], truncated: output['truncated'] },
  }
  const call = { id: word(wire['shellID']) ?? id, name: 'shell', state, time: { ...fields(wire['time']) } }
  const shown = notice(blockAt(0), 'shell', 'You ran a command line')
  return [
    { id, role: 'user', created, blocks: [shown] },
    answerTo(id, wire, [readToolBlock(blockAt(0), call)]),
  ]
}

function readCompaction(id: MessageID, wire: Fields): readonly Message[] {
  const said = wire['reason'] === 'auto' ? 'Conversation summarized automatically' : 'Conversation summarized'
  const prompt: Message = {
    id,
    role: 'user',
    created: createdOf(wire),
    blocks: [notice(blockAt(0), 'compaction', said)],
  }
  const summary = word(wire['summary'])
  const isRunning = wire['status'] === 'running'
  const blocks: readonly Block[] =
    summary === undefined ? [] : [{ type: 'text', id: blockAt(0), text: summary, open: isRunning }]
  return [prompt, { ...answerTo(id, wire, blocks), isSummary: true }]
}

/** Context that the user did not type: shown where it has words for people. */
function readNote(id: MessageID, wire: Fields): readonly Message[] {
  const said = word(wire['description']) ?? (wire['type'] === 'skill' ? word(wire['name']) : undefined)
  if (said === undefined) return []
  return [{ id, role: 'user', created: createdOf(wire), blocks: [notice(blockAt(0), 'subtask', said)] }]
}

/** A prompt that the server has admitted and not yet delivered. */
export function readInboxItem(value: unknown): readonly UserMessage[] {
  const item = fields(value)
  const id = readMessageID(item['id'])
  if (item['type'] !== 'user' || id === undefined) return []
  const time = { created: number(fields(item['time'])['created']) ?? 0 }
  return [{ ...readUser(id, { ...fields(item['payload']), time }), waits: readDelivery(item['delivery']) }]
}

export function readDelivery(value: unknown): PromptDelivery {
  return value === 'queue' ? 'queue' : 'steer'
}
