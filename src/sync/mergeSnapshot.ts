import { keepFiles } from '../session/blocks.ts'
import { compareMessages, isUndelivered } from '../session/messages.ts'
import type { Block, Message, ReasoningBlock, TextBlock } from '../session/model.ts'

export interface FetchedMessages {
  /** The newest part of the history, ascending. */
  readonly messages: readonly Message[]
  readonly older: string | undefined
}

/** What we held before the fetch, with the cursor to what is older than that. */
export interface LocalMessages {
  readonly messages: readonly Message[]
  readonly older: string | undefined
}

/**
 * Joins what was fetched with what we held. The server wins, but it does not store the text of a block
 * while it is being written: there the longer local text stays. `isLossy` says that events may have been
 * missed; such texts are then marked as having a gap until the server closes them.
 */
export function mergeSnapshot(
  local: LocalMessages,
  fetched: FetchedMessages,
  isLossy: boolean,
): FetchedMessages {
  const known = new Map(local.messages.map((message) => [message.id, message]))
  const messages = fetched.messages.map((message) => mergeMessage(known.get(message.id), message, isLossy))
  const remainder = olderRemainder(local, fetched)
  if (remainder.length === 0) return { messages, older: fetched.older }
  return { messages: [...remainder, ...messages], older: local.older }
}

/**
 * Loaded history from before the fetched part. It is kept only when both overlap, since otherwise
 * something may be missing in between.
 */
function olderRemainder(local: LocalMessages, fetched: FetchedMessages): readonly Message[] {
  const first = fetched.messages[0]
  if (!first || fetched.older === undefined) return []
  const ids = new Set(fetched.messages.map((message) => message.id))
  if (!local.messages.some((message) => ids.has(message.id))) return []
  return local.messages.filter((message) => !isUndelivered(message) && compareMessages(message, first) < 0)
}

function mergeMessage(known: Message | undefined, message: Message, isLossy: boolean): Message {
  if (message.role === 'user') return message
  const blocks = message.blocks.map((block) => {
    const old = known?.blocks.find((candidate) => candidate.id === block.id)
    return isOpenText(block) ? mergeText(old, block, isLossy) : keepFiles(old, block)
  })
  return { ...message, blocks }
}

function mergeText(old: Block | undefined, block: TextBlock | ReasoningBlock, isLossy: boolean): Block {
  const local = old?.type === block.type ? old : undefined
  const text = local && local.text.length > block.text.length ? local.text : block.text
  const hasGap = isLossy || local?.gap === true
  return { ...block, text, ...(hasGap ? { gap: true } : {}) }
}

function isOpenText(block: Block): block is TextBlock | ReasoningBlock {
  return (block.type === 'text' || block.type === 'reasoning') && block.open
}
