import type { MessageID } from '../opencode/ids.ts'
import { isSame } from './equal.ts'
import type { Message, MessageHead, PromptDelivery, UserMessage } from './model.ts'

/** The sorted list of messages as data: all functions give the same list back when nothing changes. */
export type MessageList = readonly Message[]

/** Where a message stands, or -1. Searches from the end, because nearly all changes concern the newest. */
export function indexOfMessage(messages: MessageList, id: MessageID): number {
  for (let index = messages.length - 1; index >= 0; index--) {
    if (messages[index]?.id === id) return index
  }
  return -1
}

/**
 * The order of a session: by (created, id); behind that what waits on the server for its time, and last what the
 * server does not have yet, because our clock and the server's may differ.
 */
export function compareMessages(left: OrderKey, right: OrderKey): number {
  const byDelivery = rank(left) - rank(right)
  if (byDelivery !== 0) return byDelivery
  if (left.created !== right.created) return left.created - right.created
  return left.id < right.id ? -1 : left.id > right.id ? 1 : 0
}

type OrderKey = Message | MessageHead

/** Whether a message stands only in our outbox. */
export function isUndelivered(message: OrderKey): boolean {
  return message.role === 'user' && message.delivery !== undefined
}

/** Whether the conversation does not have a prompt yet, wherever it is. */
export function isAhead(message: OrderKey): boolean {
  return isUndelivered(message) || waitsOf(message) !== undefined
}

/** Whether a prompt waits for the end of the run: it is no part of the conversation until then. */
export function isQueued(message: OrderKey): message is UserMessage & { readonly waits: 'queue' } {
  return waitsOf(message) === 'queue'
}

function waitsOf(message: OrderKey): PromptDelivery | undefined {
  return message.role === 'user' ? message.waits : undefined
}

function rank(message: OrderKey): number {
  if (isUndelivered(message)) return 2
  return waitsOf(message) === undefined ? 0 : 1
}

/**
 * Creates a message or replaces its header; blocks stay. The server's header takes the place of ours, and
 * a late one of ours never hides what the server sent.
 */
export function putHead(messages: MessageList, head: MessageHead): MessageList {
  const index = indexOfMessage(messages, head.id)
  const known = messages[index]
  if (!known) return insertMessage(messages, withBlocks(head, []))
  if (isUndelivered(head) && !isUndelivered(known)) return messages
  const next = withBlocks(head, known.blocks)
  return isSame(known, next) ? messages : replaceAt(messages, index, next)
}

export function removeMessage(messages: MessageList, id: MessageID): MessageList {
  const index = indexOfMessage(messages, id)
  return index < 0 ? messages : messages.toSpliced(index, 1)
}

/** Puts an older page before what is there; what is there already wins over the page. */
export function prependMessages(messages: MessageList, page: MessageList): MessageList {
  const known = new Set(messages.map((message) => message.id))
  const fresh = page.filter((message) => !known.has(message.id))
  if (fresh.length === 0) return messages
  return [...fresh, ...messages].sort(compareMessages)
}

/** The new list, built from objects of the old one wherever the content is the same. */
export function shareMessages(before: MessageList, after: MessageList): MessageList {
  if (before === after) return before
  const known = new Map(before.map((message) => [message.id, message]))
  const shared = after.map((message) => shareMessage(known.get(message.id), message))
  const isUnchanged =
    shared.length === before.length && shared.every((message, index) => message === before[index])
  return isUnchanged ? before : shared
}

/** Replaces the message at an index by one with the same place in the order, or moves it. */
function replaceAt(messages: MessageList, index: number, next: Message): MessageList {
  const before = messages[index - 1]
  const after = messages[index + 1]
  const fits = (!before || compareMessages(before, next) < 0) && (!after || compareMessages(next, after) < 0)
  return fits ? messages.with(index, next) : insertMessage(messages.toSpliced(index, 1), next)
}

function insertMessage(messages: MessageList, message: Message): MessageList {
  return messages.toSpliced(insertionIndex(messages, message), 0, message)
}

function insertionIndex(messages: MessageList, message: Message): number {
  let low = 0
  let high = messages.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = messages[middle]
    if (other && compareMessages(other, message) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function shareMessage(known: Message | undefined, message: Message): Message {
  if (!known || known === message) return message
  const blocks = message.blocks.map((block) => {
    const old = known.blocks.find((candidate) => candidate.id === block.id)
    return old && isSame(old, block) ? old : block
  })
  const isUnchanged =
    blocks.length === known.blocks.length && blocks.every((block, index) => block === known.blocks[index])
  const next = { ...message, blocks: isUnchanged ? known.blocks : blocks }
  return isUnchanged && isSame(known, next) ? known : next
}

function withBlocks(head: MessageHead, blocks: Message['blocks']): Message {
  return { ...head, blocks }
}
