import type * as api from '../../api/index.d.ts'
import type { SessionTools } from '../client/connection.ts'
import type { ModelRef } from '../opencode/catalog.ts'
import { isSessionID, toSessionID } from '../opencode/ids.ts'
import type { SessionID } from '../opencode/ids.ts'
import { ApiError } from './apiError.ts'

/** A request whose every field is what it says. */
export interface CheckedRequest {
  readonly prompt: string
  readonly parts: readonly api.ExecutionPart[]
  readonly folder: string | undefined
  readonly agent: string | undefined
  readonly model: ModelRef | undefined
  readonly sessionID: SessionID | undefined
  readonly title: string | undefined
  readonly timeout: number | undefined
  readonly signal: AbortSignal | undefined
  /** Of a new session; other extensions cannot name it. */
  readonly tools?: SessionTools
}

/** A day. */
export const maxTimeoutMs = 86_400_000
const maxTitle = 200

/** @throws ApiError with the code that names the first field that makes no sense */
export function checkRequest(value: unknown): CheckedRequest {
  const request = record(value)
  const parts = checkParts(request['parts'])
  return {
    prompt: checkPrompt(request['prompt'], parts),
    parts,
    folder: checkFolder(request['folder']),
    agent: checkName(request['agent'], 'unknown-agent', 'agent'),
    model: checkModel(request['model']),
    sessionID: checkSessionID(request['sessionID']),
    title: checkTitle(request['title']),
    timeout: checkTimeout(request['timeout']),
    signal: checkSignal(request['signal']),
  }
}

/** @throws ApiError `invalid-request` */
export function checkCallbacks(value: unknown): api.ExecutionCallbacks {
  if (value === undefined) return {}
  const callbacks = record(value)
  for (const name of callbackNames) {
    const callback = callbacks[name]
    if (callback === undefined || typeof callback === 'function') continue
    throw new ApiError('invalid-request', `"${name}" must be a function.`)
  }
  return callbacks
}

const callbackNames = ['onStatus', 'onText', 'onTool', 'onPermission', 'onCompletion', 'onError']

/** @throws ApiError `invalid-request` */
export function checkFolder(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value !== '') return value
  throw new ApiError('invalid-request', '"folder" must be the path of a workspace folder.')
}

/** @throws ApiError `unknown-session` for something that is no session id. */
export function checkSessionID(value: unknown): SessionID | undefined {
  if (value === undefined) return undefined
  if (isSessionID(value)) return toSessionID(value)
  throw new ApiError('unknown-session', 'This is not the id of a session.')
}

/** @throws ApiError `invalid-request` */
export function checkTitle(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.trim() !== '' && value.length <= maxTitle) return value.trim()
  throw new ApiError('invalid-request', `"title" must be a text of 1 to ${maxTitle} characters.`)
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value
  throw new ApiError('invalid-request', 'An object was expected.')
}

function checkPrompt(value: unknown, parts: readonly api.ExecutionPart[]): string {
  if (value !== undefined && typeof value !== 'string') {
    throw new ApiError('no-prompt', '"prompt" must be a text.')
  }
  const prompt = value ?? ''
  if (prompt.trim() === '' && parts.length === 0) {
    throw new ApiError('no-prompt', 'There is nothing to send: give a "prompt" or "parts".')
  }
  return prompt
}

function checkParts(value: unknown): readonly api.ExecutionPart[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new ApiError('invalid-part', '"parts" must be a list.')
  return value.map((part: unknown, index) => {
    const checked = isRecord(part) ? checkPart(part) : undefined
    if (checked) return checked
    throw new ApiError('invalid-part', `Part ${index} is not one that can be sent.`)
  })
}

function checkPart(part: Readonly<Record<string, unknown>>): api.ExecutionPart | undefined {
  const { type, text, path, name, mime, data } = part
  switch (type) {
    case 'text':
      return isWord(text) ? { type, text } : undefined
    case 'file':
      return isWord(path) ? { type, path } : undefined
    case 'agent':
      return isWord(name) ? { type, name } : undefined
    case 'data': {
      const isData = typeof data === 'string' || data instanceof Uint8Array
      return isData && isWord(name) && isWord(mime) ? { type, name, mime, data } : undefined
    }
    default:
      return undefined
  }
}

function checkName(value: unknown, code: api.ApiErrorCode, what: string): string | undefined {
  if (value === undefined || isWord(value)) return value
  throw new ApiError(code, `"${what}" must be a name.`)
}

function checkModel(value: unknown): ModelRef | undefined {
  if (value === undefined) return undefined
  const model = typeof value === 'string' ? splitModel(value) : value
  if (isRecord(model)) {
    const { providerID, modelID, variant } = model
    if (isWord(providerID) && isWord(modelID)) {
      if (variant === undefined) return { providerID, modelID }
      if (isWord(variant)) return { providerID, modelID, variant }
    }
  }
  throw new ApiError('unknown-model', '"model" must be "provider/model" or have a providerID and a modelID.')
}

/** The names of models may hold slashes, those of providers may not. */
function splitModel(text: string): { readonly providerID: string; readonly modelID: string } {
  const slash = text.indexOf('/')
  return { providerID: text.slice(0, Math.max(0, slash)), modelID: text.slice(slash + 1) }
}

function checkTimeout(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && value >= 1 && value <= maxTimeoutMs) return value
  throw new ApiError('invalid-timeout', `"timeout" must be 1 to ${maxTimeoutMs} milliseconds.`)
}

export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined
  if (value instanceof AbortSignal) return value
  throw new ApiError('invalid-signal', '"signal" must be an AbortSignal.')
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}
