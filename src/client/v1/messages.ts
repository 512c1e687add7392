import type { AssistantMessage, Block, Message, MessageHead, RunError } from '../../session/model.ts'
import { readBlock } from './blocks.ts'
import { collect, compact, fields, list, number, text, word } from '../reading.ts'
import { readTokens } from '../tokens.ts'
import { readMessageID, readModelRef } from './sessions.ts'
import { loose } from './wire.ts'
import type { WireAssistantMessage, WirePart, WireUserMessage } from './wire.ts'

/** The header of a message; undefined for roles and shapes that we do not know. */
export function readHead(value: unknown): MessageHead | undefined {
  const wire = loose<WireAssistantMessage | WireUserMessage>(value)
  const id = readMessageID(wire?.id)
  if (!wire || id === undefined) return undefined
  const time = fields(wire.time)
  const base = { id, created: number(time['created']) ?? 0, agent: word(wire.agent) ?? word(wire.mode) }
  if (wire.role === 'user')
    return compact({ ...base, role: 'user' as const, model: readModelRef(wire.model) })
  if (wire.role !== 'assistant') return undefined
  return compact({
    ...base,
    role: 'assistant' as const,
    model: readModelRef(wire, wire.variant),
    promptID: readMessageID(wire.parentID),
    completed: number(time['completed']),
    finish: word(wire.finish),
    error: readRunError(wire.error),
    cost: number(wire.cost) ?? 0,
    tokens: readTokens(wire.tokens),
    isSummary: wire.summary === true ? true : undefined,
  })
}

/** A message with its blocks, as the message routes answer: `{info, parts}`. */
export function readMessage(value: unknown): Message | undefined {
  const { info, parts } = fields(value)
  const head = readHead(info)
  if (!head) return undefined
  const blocks = collect(withoutDiscarded(list(parts)), readBlock)
  return head.role === 'user' ? { ...head, blocks } : { ...head, blocks: closeWhenDone(head, blocks) }
}

/**
 * When a provider drops the connection in the middle of a text, the server starts the step again in the same
 * message and leaves the first text behind, empty and never closed. Such leftovers are not shown.
 */
function withoutDiscarded(parts: readonly unknown[]): readonly unknown[] {
  const lastStart = parts.findLastIndex((part) => loose<WirePart>(part)?.type === 'step-start')
  return parts.filter((part, index) => index > lastStart || !isLeftOpen(part))
}

function isLeftOpen(part: unknown): boolean {
  const wire = loose<WirePart>(part)
  if (wire?.type !== 'text' && wire?.type !== 'reasoning') return false
  const time = fields(wire.time)
  return number(time['start']) !== undefined && time['end'] === undefined && !word(wire.text)
}

function closeWhenDone(head: Omit<AssistantMessage, 'blocks'>, blocks: readonly Block[]): readonly Block[] {
  if (head.completed === undefined) return blocks
  return blocks.map((block) => ('open' in block && block.open ? { ...block, open: false } : block))
}

/** Error of a run: `{name, data: {message, statusCode?, isRetryable?}}`. Headers and body stay on the wire. */
export function readRunError(value: unknown): RunError | undefined {
  const wire = fields(value)
  const name = word(wire['name'])
  if (name === undefined) return undefined
  const data = fields(wire['data'])
  const status = number(data['statusCode'])
  return compact({
    name,
    message: text(data['message']) ?? text(wire['message']) ?? name,
    kind: errorKind(name, status),
    status,
    retryable: typeof data['isRetryable'] === 'boolean' ? data['isRetryable'] : undefined,
  })
}

function errorKind(name: string, status: number | undefined): RunError['kind'] {
  if (name === 'MessageAbortedError') return 'aborted'
  if (name === 'ContextOverflowError') return 'context-overflow'
  if (name === 'ProviderAuthError' || status === 401 || status === 403) return 'auth'
  if (status === 429) return 'rate-limit'
  return name === 'APIError' ? 'provider' : 'other'
}
