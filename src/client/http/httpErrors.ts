import { OpencodeError } from '../../opencode/errors.ts'
import type { ErrorCode, FilePlace } from '../../opencode/errors.ts'
import { redact } from '../redact.ts'

/** What a server said when it refused a request. */
export interface HttpFailure {
  readonly method: string
  /** Template of the path, e.g. `/session/{id}`. */
  readonly route: string
  readonly status: number
  readonly header: (name: string) => string | undefined
  /** Parsed JSON, or the text when it is not JSON. */
  readonly body: unknown
  readonly secrets: readonly string[]
}

/** A 3xx, 4xx or 5xx answer. `message` is for people, `code` and the fields are for code. */
export class HttpStatusError extends OpencodeError {
  readonly status: number
  /** The server's own name of the error, e.g. `NotFoundError`. */
  readonly serverCode: string | undefined
  /** Id under which the server's log holds more. */
  readonly reference: string | undefined
  /** Milliseconds to wait, where the server said so. */
  readonly retryAfterMs: number | undefined
  /** The answer without secrets, cut short. */
  readonly detail: string | undefined
  /** Of the first mistake in a broken configuration. */
  readonly place: FilePlace | undefined

  constructor(failure: HttpFailure) {
    const said = readEnvelope(failure.body)
    const retryAfterMs = readRetryAfter(failure.header)
    const reference = said.reference ?? failure.header('x-request-id') ?? failure.header('cf-ray')
    super(statusCode(failure.status, said.name), sentence(failure, said, retryAfterMs))
    this.name = 'HttpStatusError'
    this.status = failure.status
    this.serverCode = said.name
    this.reference = reference
    this.retryAfterMs = retryAfterMs
    this.detail = detailOf(failure, reference)
    this.place = isConfigError(said.name) ? placeOf(failure) : undefined
  }
}

interface Envelope {
  readonly name: string | undefined
  readonly message: string | undefined
  readonly reference: string | undefined
}

/** Both forms that servers use: `{name,data:{message,ref}}` and `{_tag,message,ref}`. */
function readEnvelope(body: unknown): Envelope {
  if (!isObject(body)) return { name: undefined, message: undefined, reference: undefined }
  const data = isObject(body['data']) ? body['data'] : body
  return {
    name: text(body['name']) ?? text(body['_tag']),
    message: text(data['message']) ?? text(body['message']),
    reference: text(data['ref']) ?? text(body['ref']),
  }
}

function statusCode(status: number, name: string | undefined): ErrorCode {
  if (isConfigError(name)) return 'config-invalid'
  if (name === 'SessionBusyError') return 'busy'
  if (status >= 300 && status < 400) return 'redirect-refused'
  if (status >= 500) return 'server-error'
  return clientCodes[status] ?? 'invalid-argument'
}

function isConfigError(name: string | undefined): boolean {
  return name !== undefined && /^Config\w*Error$/.test(name)
}

const clientCodes: { readonly [status: number]: ErrorCode | undefined } = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  405: 'unsupported',
  407: 'forbidden',
  408: 'timeout',
  409: 'conflict',
  413: 'too-large',
  415: 'unsupported',
  429: 'rate-limited',
}

interface Refusal {
  readonly failure: HttpFailure
  /** " It says: …", or nothing. */
  readonly because: string
  readonly retryAfterMs: number | undefined
}

function sentence(failure: HttpFailure, said: Envelope, retryAfterMs: number | undefined): string {
  const message = said.message === undefined ? '' : oneLine(redact(said.message, failure.secrets))
  const because = message === '' ? '' : ` It says: ${message}`
  const write = sentences[statusCode(failure.status, said.name)] ?? refused
  return write({ failure, because, retryAfterMs })
}

const refused = ({ failure, because }: Refusal): string =>
  `The OpenCode server did not accept the request (HTTP ${failure.status}).${because}`

const sentences: { readonly [code in ErrorCode]?: (refusal: Refusal) => string } = {
  unauthorized: () => 'The OpenCode server refused the user name or password. Enter them again to connect.',
  forbidden: ({ failure, because }) =>
    `The OpenCode server, or a proxy before it, forbids this request (HTTP ${failure.status}).${because}`,
  'not-found': ({ because }) => `The OpenCode server does not have this any more (HTTP 404).${because}`,
  busy: () => 'The session is still working. Wait until it is done, or stop it first.',
  conflict: ({ because }) =>
    `The request does not fit the present state on the OpenCode server (HTTP 409).${because}`,
  'rate-limited': ({ retryAfterMs }) =>
    `There were too many requests (HTTP 429). ${retrySentence(retryAfterMs)}`,
  'redirect-refused': ({ failure }) => redirectSentence(failure),
  'config-invalid': ({ failure }) =>
    `The OpenCode configuration cannot be read.${configPlace(failure)} Correct it and restart the server.`,
  'too-large': ({ failure, because }) =>
    `The request is too large for the OpenCode server (HTTP ${failure.status}).${because}`,
  'server-error': ({ failure, because }) =>
    `The OpenCode server failed with HTTP ${failure.status}.${because || ' Its log may say more.'}`,
}

function retrySentence(retryAfterMs: number | undefined): string {
  if (retryAfterMs === undefined) return 'Try again in a while.'
  return `Try again in ${Math.max(1, Math.ceil(retryAfterMs / 1000))} s.`
}

/** Names only the origin of the target: path and query of a redirect may hold secrets. */
function redirectSentence(failure: HttpFailure): string {
  const location = failure.header('location') ?? ''
  const target = URL.canParse(location) ? ` to ${new URL(location).origin}` : ''
  return `The server redirects${target}. Credentials are never sent on; connect to that address itself if you trust it.`
}

/**
 * The server quotes the broken file itself, with all keys that stand in it. Only the places of the mistakes
 * are taken over.
 */
function configPlace(failure: HttpFailure): string {
  const data = isObject(failure.body) && isObject(failure.body['data']) ? failure.body['data'] : {}
  const path = text(data['path'])
  const places = [...(text(data['message']) ?? '').matchAll(/\b[A-Za-z]{3,40} at line \d+, column \d+/g)]
  const mistakes = places.slice(0, 3).map(([place]) => place)
  const list = mistakes.length === 0 ? '' : ` (${mistakes.join('; ')})`
  return path === undefined ? list : ` The file is ${path}${list}.`
}

function placeOf({ body }: HttpFailure): FilePlace | undefined {
  const data = isObject(body) && isObject(body['data']) ? body['data'] : {}
  const path = text(data['path'])
  if (path === undefined) return undefined
  const mistake = /\bat line (\d+), column (\d+)/.exec(text(data['message']) ?? '')
  return mistake ? { path, line: Number(mistake[1]), column: Number(mistake[2]) } : { path }
}

function detailOf(failure: HttpFailure, reference: string | undefined): string {
  const lines = [`${failure.method} ${failure.route}: HTTP ${failure.status}`]
  if (reference !== undefined) lines.push(`Reference: ${redact(reference, failure.secrets)}`)
  if (isConfigError(readEnvelope(failure.body).name)) return lines.join('\n')
  const body = typeof failure.body === 'string' ? failure.body : JSON.stringify(failure.body ?? '')
  if (body !== '' && body !== '""') lines.push(redact(body, failure.secrets))
  return lines.join('\n')
}

/** `retry-after-ms`, or `retry-after` as seconds or as a date. */
function readRetryAfter(header: (name: string) => string | undefined): number | undefined {
  const exact = Number(header('retry-after-ms') ?? Number.NaN)
  if (Number.isFinite(exact) && exact >= 0) return exact
  const value = header('retry-after')
  if (value === undefined) return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}

function oneLine(value: string): string {
  return value.replace(/\s+/g, ' ').trim().slice(0, 300)
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
