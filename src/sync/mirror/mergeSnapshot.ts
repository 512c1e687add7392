import { keepFiles } from '../../session/blocks.ts'
import { compareMessages, isAhead } from '../../session/messages.ts'
import type { BlockID } from '../../opencode/ids.ts'
import type { Block, Message, ReasoningBlock, TextBlock } from '../../session/model.ts'

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

/** What is known of the texts that the server does not store yet. */
export interface OpenTextsKnown {
  /** Events may have been missed since the local copy was made. */
  readonly isLossy: boolean
  /** Open texts that were heard from their first word on, as they were when the fetch began. */
  readonly heard: ReadonlyMap<BlockID, string>
}

/**
 * Joins what was fetched with what we held. The server wins, but it does not store the text of a block
 * while it is being written: there the text that was heard stays, else the longer local one. When events may
 * have been missed, the latter is marked as having a gap until the server closes it.
 */
export function mergeSnapshot(
  local: LocalMessages,
  fetched: FetchedMessages,
  open: OpenTextsKnown,
): FetchedMessages {
  const known = new Map(local.messages.map((message) => [message.id, message]))
  const messages = fetched.messages.map((message) => mergeMessage(known.get(message.id), message, open))
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
  return local.messages.filter((message) => !isAhead(message) && compareMessages(message, first) < 0)
}

function mergeMessage(known: Message | undefined, message: Message, open: OpenTextsKnown): Message {
  if (message.role === 'user') return message
  const blocks = message.blocks.map((block) => {
    const old = known?.blocks.find((candidate) => candidate.id === block.id)
    return isOpenText(block) ? mergeText(old, block, open) : keepFiles(old, block)
  })
  return { ...message, blocks }
}

function mergeText(old: Block | undefined, block: TextBlock | ReasoningBlock, open: OpenTextsKnown): Block {
  const heard = open.heard.get(block.id)
  if (heard !== undefined) return { ...block, text: heard.length > block.text.length ? heard : block.text }
  const local = old?.type === block.type ? old : undefined
  const text = local && local.text.length > block.text.length ? local.text : block.text
  const hasGap = open.isLossy || local?.gap === true
  return { ...block, text, ...(hasGap ? { gap: true } : {}) }
}

function isOpenText(block: Block): block is TextBlock | ReasoningBlock {
  return (block.type === 'text' || block.type === 'reasoning') && block.open
}
