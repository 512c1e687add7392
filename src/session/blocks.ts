import type { BlockID } from '../opencode/ids.ts'
import { isSame } from './equal.ts'
import type { Block, FileChange, Message, Request, RunError, ToolBlock } from './model.ts'

/**
 * Creates or replaces one block; a new one goes where its id belongs. Files that a permission request
 * tells stay known to a later update.
 */
export function putBlock(message: Message, block: Block, requests: readonly Request[]): Message {
  const index = message.blocks.findIndex((known) => known.id === block.id)
  const known = message.blocks[index]
  const next = fillFiles(keepFiles(known, block), requests)
  if (!known) return { ...message, blocks: insertBlock(message.blocks, next) }
  return isSame(known, next) ? message : { ...message, blocks: message.blocks.with(index, next) }
}

/** Appends text to an open block; a closed one has its full text already. */
export function appendText(message: Message, id: BlockID, text: string): Message {
  if (text === '') return message
  const index = message.blocks.findLastIndex((known) => known.id === id)
  const block = message.blocks[index]
  if (!block || !isOpenText(block)) return message
  return { ...message, blocks: message.blocks.with(index, { ...block, text: block.text + text }) }
}

export function removeBlock(message: Message, id: BlockID): Message {
  const index = message.blocks.findIndex((known) => known.id === id)
  return index < 0 ? message : { ...message, blocks: message.blocks.toSpliced(index, 1) }
}

/**
 * Closes what a finished run left open: text gets no more, tools count as interrupted, and so does an answer
 * that the server never completed.
 */
export function settleMessage(message: Message): Message {
  const isCutOff = message.role === 'assistant' && message.completed === undefined && !message.error
  if (!isCutOff && !message.blocks.some(isUnsettled)) return message
  const blocks = message.blocks.map((block) => (isUnsettled(block) ? settleBlock(block) : block))
  return isCutOff
    ? { ...message, blocks: blocks.map(withoutGap), error: interrupted }
    : { ...message, blocks }
}

/** That the answer is not whole says enough. */
function withoutGap(block: Block): Block {
  if ((block.type !== 'text' && block.type !== 'reasoning') || !block.gap) return block
  const { gap: _, ...rest } = block
  return rest
}

const interrupted: RunError = {
  name: 'Interrupted',
  kind: 'interrupted',
  message: 'The server ended before the answer was complete.',
}

/**
 * The block with the files kept that an earlier state of the same call knew: some tools tell their diff
 * only in the permission request. A failed call changed nothing, so it keeps none.
 */
export function keepFiles(known: Block | undefined, block: Block): Block {
  if (known?.type !== 'tool' || block.type !== 'tool') return block
  const hasNews = block.files !== undefined || block.status === 'failed' || known.callID !== block.callID
  return hasNews || !known.files ? block : { ...block, files: known.files }
}

/** The tool block with the proposed change of a permission request, where it has none of its own. */
export function fillFiles(block: Block, requests: readonly Request[]): Block {
  if (block.type !== 'tool' || block.files || block.status === 'failed') return block
  const request = requests.find((candidate) => candidate.callID === block.callID && proposes(candidate))
  const change = request && proposedChange(request, block)
  return change ? { ...block, files: [change] } : block
}

/** Mostly the new block is the last one, so the place is looked for from the end. */
function insertBlock(blocks: readonly Block[], block: Block): readonly Block[] {
  const index = blocks.findLastIndex((known) => known.id < block.id) + 1
  return blocks.toSpliced(index, 0, block)
}

function proposes(request: Request): boolean {
  return request.kind === 'permission' && request.diff !== undefined && request.diff !== ''
}

function proposedChange(request: Request, block: ToolBlock): FileChange | undefined {
  if (request.kind !== 'permission' || !request.diff) return undefined
  const lines = request.diff.split('\n')
  const count = (sign: string, header: string): number =>
    lines.filter((line) => line.startsWith(sign) && !line.startsWith(header)).length
  const additions = count('+', '+++')
  const deletions = count('-', '---')
  const isNew =
    deletions === 0 && lines.some((line) => /^@@ -0,0 /.test(line) || line.startsWith('--- /dev/null'))
  const path = request.path ?? block.target ?? request.patterns[0] ?? ''
  return { path, patch: request.diff, additions, deletions, status: isNew ? 'added' : 'modified' }
}

function isOpenText(block: Block): block is Extract<Block, { type: 'text' | 'reasoning' }> {
  return (block.type === 'text' || block.type === 'reasoning') && block.open
}

function isUnsettled(block: Block): boolean {
  return (
    isOpenText(block) || (block.type === 'tool' && (block.status === 'pending' || block.status === 'running'))
  )
}

function settleBlock(block: Block): Block {
  if (block.type === 'tool') return { ...block, status: 'interrupted' }
  return isOpenText(block) ? { ...block, open: false } : block
}
