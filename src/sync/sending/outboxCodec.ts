import type { ModelRef } from '../../opencode/catalog.ts'
import { toBlockID, toMessageID, toSessionID } from '../../opencode/ids.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { Prompt, PromptPart, PromptRun } from '../../session/model.ts'

/** A prompt on its way, in the order of sending. */
export interface OutboxEntry {
  readonly sessionID: SessionID
  readonly directory: string
  readonly prompt: Prompt
  /** `sent`: the server took it, but we have not seen the message yet. */
  readonly state: 'waiting' | 'sent' | 'failed'
  /** A sentence for people, when failed. */
  readonly message?: string
  /** Is not kept over a reload: whoever sent it waits for the answer, and is gone then. */
  readonly isVolatile?: boolean
}

/** The form in storage. */
export interface StoredOutbox {
  readonly version: 1
  readonly entries: readonly OutboxEntry[]
}

/** Reads what storage holds; an entry that makes no sense is left out, so one bad entry blocks nothing. */
export function decodeOutbox(value: unknown): readonly OutboxEntry[] {
  if (!isRecord(value) || value['version'] !== 1 || !Array.isArray(value['entries'])) return []
  return value['entries'].flatMap((entry: unknown) => {
    try {
      return [decodeEntry(entry)]
    } catch {
      return []
    }
  })
}

function decodeEntry(value: unknown): OutboxEntry {
  const entry = record(value)
  const state = entry['state']
  const message = entry['message']
  return {
    sessionID: toSessionID(entry['sessionID']),
    directory: text(entry['directory']),
    prompt: decodePrompt(record(entry['prompt'])),
    state: state === 'failed' || state === 'sent' ? state : 'waiting',
    ...(typeof message === 'string' ? { message } : {}),
  }
}

function decodePrompt(value: Record<string, unknown>): Prompt {
  const { parts, agent, model, run, delivery } = value
  if (!Array.isArray(parts)) throw new TypeError('A prompt has parts.')
  return {
    id: toMessageID(value['id']),
    created: number(value['created']),
    parts: parts.map((part: unknown) => decodePart(record(part))),
    ...(typeof agent === 'string' ? { agent } : {}),
    ...(model === undefined ? {} : { model: decodeModel(record(model)) }),
    ...(run === undefined ? {} : { run: decodeRun(record(run)) }),
    ...(delivery === 'steer' || delivery === 'queue' ? { delivery } : {}),
  }
}

function decodeRun(value: Record<string, unknown>): PromptRun {
  switch (value['kind']) {
    case 'command':
      return { kind: 'command', name: text(value['name']), arguments: text(value['arguments']) }
    case 'shell':
      return { kind: 'shell', line: text(value['line']) }
    default:
      throw new TypeError('This is nothing that can be run.')
  }
}

function decodeModel(value: Record<string, unknown>): ModelRef {
  const { variant } = value
  return {
    providerID: text(value['providerID']),
    modelID: text(value['modelID']),
    ...(typeof variant === 'string' ? { variant } : {}),
  }
}

function decodePart(value: Record<string, unknown>): PromptPart {
  const id = toBlockID(value['id'])
  switch (value['type']) {
    case 'text':
      return {
        type: 'text',
        id,
        text: text(value['text']),
        ...(value['synthetic'] === true ? { synthetic: true } : {}),
      }
    case 'agent':
      return { type: 'agent', id, name: text(value['name']) }
    case 'file':
      return { type: 'file', id, path: text(value['path']), ...decodeFile(value) }
    case 'inline': {
      const { path } = value
      const base64 = text(value['base64'])
      return {
        type: 'inline',
        id,
        base64,
        ...(typeof path === 'string' ? { path } : {}),
        ...decodeFile(value),
      }
    }
    default:
      throw new TypeError('This part is of an unknown kind.')
  }
}

function decodeFile(value: Record<string, unknown>): {
  readonly name: string
  readonly mime: string
  readonly lines?: { readonly start: number; readonly end: number }
} {
  const { lines } = value
  return {
    name: text(value['name']),
    mime: text(value['mime']),
    ...(isRecord(lines) ? { lines: { start: number(lines['start']), end: number(lines['end']) } } : {}),
  }
}

function record(value: unknown): Record<string, unknown> {
  if (isRecord(value)) return value
  throw new TypeError('An object was expected.')
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError('A text was expected.')
}

function number(value: unknown): number {
  if (typeof value === 'number') return value
  throw new TypeError('A number was expected.')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
