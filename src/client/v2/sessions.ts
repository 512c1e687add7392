import type { ModelRef } from '../../opencode/catalog.ts'
import { isSessionID, toMessageID, toRequestID } from '../../opencode/ids.ts'
import type { MessageID, RequestID } from '../../opencode/ids.ts'
import type { RunError, Session } from '../../session/model.ts'
import { compact, fields, number, text, word } from '../reading.ts'

/** A session of the server; undefined when it has no usable id. */
export function readSession(value: unknown): Session | undefined {
  const wire = fields(value)
  const id = wire['id']
  if (!isSessionID(id)) return undefined
  const time = fields(wire['time'])
  const created = number(time['created']) ?? 0
  const title = text(wire['title']) ?? ''
  return compact({
    id,
    title,
    untitled: title === '',
    directory: text(fields(wire['location'])['directory']) ?? '',
    parentID: isSessionID(wire['parentID']) ? wire['parentID'] : undefined,
    created,
    updated: number(time['updated']) ?? created,
    archived: number(time['archived']) || undefined,
    agent: word(wire['agent']),
    model: readModelRef(wire['model']),
    revertedFrom: readMessageID(fields(wire['revert'])['messageID']),
  })
}

export function readModelRef(value: unknown): ModelRef | undefined {
  const wire = fields(value)
  const providerID = word(wire['providerID'])
  const modelID = word(wire['id']) ?? word(wire['modelID'])
  if (providerID === undefined || modelID === undefined) return undefined
  const variant = word(wire['variant'])
  return compact({ providerID, modelID, variant: variant === 'default' ? undefined : variant })
}

export function readMessageID(value: unknown): MessageID | undefined {
  try {
    return toMessageID(value)
  } catch {
    return undefined
  }
}

export function readRequestID(value: unknown): RequestID | undefined {
  try {
    return toRequestID(value)
  } catch {
    return undefined
  }
}

/** `{type, message, status?}`; what the provider answered in full stays on the wire. */
export function readRunError(value: unknown): RunError | undefined {
  const wire = fields(value)
  const name = word(wire['type'])
  if (name === undefined) return undefined
  const status = number(wire['status'])
  return compact({ name, message: text(wire['message']) ?? name, kind: errorKind(name, status), status })
}

function errorKind(name: string, status: number | undefined): RunError['kind'] {
  if (name === 'aborted') return 'aborted'
  if (name === 'provider.auth' || status === 401 || status === 403) return 'auth'
  if (name === 'provider.rate-limit' || name === 'provider.quota' || status === 429) return 'rate-limit'
  return name.startsWith('provider.') ? 'provider' : 'other'
}
