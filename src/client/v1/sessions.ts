import type { ModelRef } from '../../opencode/catalog.ts'
import { isSessionID, toBlockID, toMessageID } from '../../opencode/ids.ts'
import type { BlockID, MessageID, SessionID } from '../../opencode/ids.ts'
import type { RunStatus, Session, Todo } from '../../session/model.ts'
import { collect, compact, fields, number, text, word } from '../reading.ts'
import { loose } from './wire.ts'
import type { WireSession, WireStatus, WireTodo } from './wire.ts'

const defaultTitle = /^(New session|Child session) - \d{4}-\d{2}-\d{2}T[\d:.]+Z$/

/** A session of the server; undefined when it has no usable id. */
export function readSession(value: unknown): Session | undefined {
  const wire = loose<WireSession>(value)
  if (!wire || !isSessionID(wire.id)) return undefined
  const time = fields(wire.time)
  const created = number(time['created']) ?? 0
  const title = text(wire.title) ?? ''
  return compact({
    id: wire.id,
    title,
    untitled: title === '' || defaultTitle.test(title),
    directory: text(wire.directory) ?? '',
    parentID: isSessionID(wire.parentID) ? wire.parentID : undefined,
    created,
    updated: number(time['updated']) ?? created,
    // The server cannot take the time away again, so zero means that it was brought back.
    archived: number(time['archived']) || undefined,
    agent: word(wire.agent),
    model: readModelRef(wire.model),
    revertedFrom: readMessageID(fields(wire.revert)['messageID']),
    revertedBlock: readBlockID(fields(wire.revert)['partID']),
    shareUrl: word(fields(wire.share)['url']),
  })
}

/** Both spellings: sessions say `id`, messages say `modelID`. */
export function readModelRef(value: unknown, variant?: unknown): ModelRef | undefined {
  const wire = fields(value)
  const providerID = word(wire['providerID'])
  const modelID = word(wire['modelID']) ?? word(wire['id'])
  if (providerID === undefined || modelID === undefined) return undefined
  const name = word(wire['variant']) ?? word(variant)
  // The server writes "default" where no variant was chosen.
  return compact({ providerID, modelID, variant: name === 'default' ? undefined : name })
}

export function readMessageID(value: unknown): MessageID | undefined {
  try {
    return toMessageID(value)
  } catch {
    return undefined
  }
}

function readBlockID(value: unknown): BlockID | undefined {
  try {
    return toBlockID(value)
  } catch {
    return undefined
  }
}

export function readStatus(value: unknown): RunStatus {
  const wire = loose<WireStatus>(value)
  if (wire?.type === 'busy') return { kind: 'busy' }
  if (wire?.type !== 'retry') return { kind: 'idle' }
  return {
    kind: 'retry',
    attempt: number(wire.attempt) ?? 1,
    message: text(wire.message) ?? '',
    next: number(wire.next) ?? 0,
  }
}

/** The map of `/session/status`; what is missing in it is idle. */
export function readStatusMap(value: unknown): ReadonlyMap<SessionID, RunStatus> {
  const result = new Map<SessionID, RunStatus>()
  for (const [id, status] of Object.entries(fields(value))) {
    const read = readStatus(status)
    if (isSessionID(id) && read.kind !== 'idle') result.set(id, read)
  }
  return result
}

const todoStates: readonly Todo['status'][] = ['pending', 'in_progress', 'completed', 'cancelled']

export function readTodos(value: unknown): readonly Todo[] {
  return collect(value, (item) => {
    const wire = loose<WireTodo>(item)
    const content = text(wire?.content)
    if (content === undefined) return undefined
    return { content, status: todoStates.find((state) => state === wire?.status) ?? 'pending' }
  })
}
