import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { OpencodeError } from '../../opencode/errors.ts'
import { RequestScope } from './requestScope.ts'
import type { ClientLog } from '../clientLog.ts'
import type { Endpoint } from '../endpoint.ts'
import { toConnectionError } from './connectionErrors.ts'
import { isLoopbackHost } from '../endpoint.ts'
import { HttpStatusError } from './httpErrors.ts'
import { Metrics } from '../metrics.ts'
import { traceBody } from './traceBody.ts'

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface HttpRequest {
  readonly method: HttpMethod
  /** Template for log and errors: must not hold ids, paths or other data of the user. */
  readonly route: string
  /** The real path with its query; the same as `route` when absent. */
  readonly path?: string
  readonly headers?: { readonly [name: string]: string }
  /** Sent as JSON. */
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  /** For the whole request; default 30 s. */
  readonly timeoutMs?: number
  /** Limit of the answer; default 64 MiB. */
  readonly maxBytes?: number
  /** Leaves the credentials out: only to see whether the server asks for them. */
  readonly anonymous?: boolean
}

export interface HttpAnswer {
  readonly status: number
  /** Parsed JSON; undefined for an empty answer. */
  readonly body: unknown
  header(name: string): string | undefined
}

interface ClientParts {
  readonly endpoint: Endpoint
  readonly log: ClientLog
  readonly metrics: Metrics
  readonly dispatcher: Dispatcher
}

const defaultTimeoutMs = 30_000
const defaultMaxBytes = 64 * 1024 * 1024
const unzip = promisify(gunzip)

/**
 * JSON requests to one server over its own socket pool. Rejects with an OpencodeError only; nothing that it
 * throws or logs holds a credential, a query or a body in full. Redirects are not followed.
 */
export class HttpClient {
  readonly metrics: Metrics
  readonly #endpoint: Endpoint
  readonly #log: ClientLog
  readonly #dispatcher: Dispatcher
  readonly #secrets: readonly string[]
  readonly #authorization: string
  readonly #encoding: string
  readonly #closing = new AbortController()

  /** Loads undici on first use. */
  static async create(endpoint: Endpoint, log: ClientLog, metrics = new Metrics()): Promise<HttpClient> {
    const { createDispatcher } = await import('./dispatcher.ts')
    return new HttpClient({ endpoint, log, metrics, dispatcher: createDispatcher(endpoint) })
  }

  private constructor({ endpoint, log, metrics, dispatcher }: ClientParts) {
    const token = Buffer.from(`${endpoint.username}:${endpoint.password}`).toString('base64')
    this.#endpoint = endpoint
    this.#log = log
    this.metrics = metrics
    this.#dispatcher = dispatcher
    this.#secrets = [endpoint.password, token, ...proxySecrets(endpoint.proxy)].filter(
      (secret) => secret !== '',
    )
    this.#authorization = endpoint.password === '' ? '' : `Basic ${token}`
    // Packing costs the server more time than loopback costs us.
    this.#encoding = isLoopbackHost(new URL(endpoint.url).hostname) ? 'identity' : 'gzip'
  }

  get url(): string {
    return this.#endpoint.url
  }

  /** Sends one request and reads its whole answer. */
  request(request: HttpRequest): Promise<HttpAnswer> {
    return this.#exchange(request, 'application/json', async (call, response, bytes) => {
      const answer = await this.#answer(request, response, bytes)
      this.#traceBody(call, 'in', answer.body)
      return answer
    })
  }

  /** The bytes of an answer as they are, whatever their type is. None of them is logged. */
  bytes(request: HttpRequest): Promise<Buffer> {
    return this.#exchange(request, '*/*', async (_, response, bytes) => {
      const { statusCode } = response
      if (statusCode < 200 || statusCode >= 300) await this.#answer(request, response, bytes)
      return decode(response, bytes, request.maxBytes ?? defaultMaxBytes)
    })
  }

  async #exchange<Answer>(
    request: HttpRequest,
    accept: string,
    read: (call: Call, response: Dispatcher.ResponseData, bytes: Buffer) => Promise<Answer>,
  ): Promise<Answer> {
    const scope = this.#scope(request)
    const call = this.#begin(request)
    try {
      const response = await this.#dispatch(call, scope, { accept, 'accept-encoding': this.#encoding })
      const bytes = await readBody(response, request.maxBytes ?? defaultMaxBytes)
      this.metrics.bytesIn += bytes.length
      this.metrics.addRequestTime(performance.now() - call.started)
      this.#logLine(call, `${response.statusCode}`, bytes.length)
      return await read(call, response, bytes)
    } catch (error) {
      throw this.#failed(call, scope, error)
    } finally {
      scope.end()
    }
  }

  /**
   * Opens an endless answer of type `text/event-stream` and hands its bytes to `onBytes` as they come, never
   * pausing the socket. Resolves when the server ends it; rejects when it breaks or the signal aborts.
   */
  async stream(request: HttpRequest, onOpen: () => void, onBytes: (bytes: Buffer) => void): Promise<void> {
    const scope = this.#scope(request)
    const call = this.#begin(request)
    try {
      const headers = {
        accept: 'text/event-stream',
        'accept-encoding': 'identity',
        'cache-control': 'no-cache',
      }
      const response = await this.#dispatch(call, scope, headers)
      this.#logLine(call, `${response.statusCode} (stream)`, 0)
      if (response.statusCode !== 200 || !contentType(response).startsWith('text/event-stream')) {
        await this.#answer(request, response, await readBody(response, 1024 * 1024))
        throw notJson(request)
      }
      scope.stopTimer()
      onOpen()
      await pump(response.body, onBytes)
    } catch (error) {
      throw this.#failed(call, scope, error)
    } finally {
      scope.end()
    }
  }

  /** Ends all requests with code `aborted` and closes the sockets. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#dispatcher.destroy()
  }

  #begin(request: HttpRequest): Call {
    this.metrics.requests++
    const body = request.body === undefined ? undefined : JSON.stringify(request.body)
    const bytesOut = body === undefined ? 0 : Buffer.byteLength(body)
    this.metrics.bytesOut += bytesOut
    const call = { id: ++lastID, request, body, bytesOut, started: performance.now() }
    this.#traceBody(call, 'out', request.body)
    return call
  }

  /** Counts and logs; a request that we ended ourselves is no error. */
  #failed(call: Call, scope: RequestScope, error: unknown): OpencodeError {
    const mapped = scope.explain(error) ?? toConnectionError(error, this.#endpoint.url, this.#secrets)
    if (mapped.code !== 'aborted') this.metrics.errors++
    if (!(mapped instanceof HttpStatusError)) this.#logLine(call, mapped.code, 0)
    return mapped
  }

  #scope(request: HttpRequest): RequestScope {
    return new RequestScope(
      [request.signal, this.#closing.signal],
      request.timeoutMs ?? defaultTimeoutMs,
      this.#endpoint.url,
    )
  }

  #dispatch(
    { request, body }: Call,
    scope: RequestScope,
    headers: Record<string, string>,
  ): Promise<Dispatcher.ResponseData> {
    const origin = new URL(this.#endpoint.url)
    const prefix = origin.pathname === '/' ? '' : origin.pathname
    const isAnonymous = request.anonymous === true || this.#authorization === ''
    return this.#dispatcher.request({
      origin: origin.origin,
      path: prefix + (request.path ?? request.route),
      method: request.method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(isAnonymous ? {} : { authorization: this.#authorization }),
        ...request.headers,
      },
      body: body ?? null,
      signal: scope.signal,
    })
  }

  async #answer(request: HttpRequest, response: Dispatcher.ResponseData, bytes: Buffer): Promise<HttpAnswer> {
    const header = (name: string): string | undefined => firstHeader(response, name)
    const status = response.statusCode
    const text = (await decode(response, bytes, request.maxBytes ?? defaultMaxBytes)).toString('utf8')
    const isJson = /^application\/([\w.-]+\+)?json\b/.test(contentType(response))
    if (status < 200 || status >= 300) {
      const body = isJson ? tryParse(text) : text
      const { method, route } = request
      throw new HttpStatusError({ method, route, status, header, body, secrets: this.#secrets })
    }
    if (text === '') return { status, body: undefined, header }
    if (!isJson) throw notJson(request)
    return { status, body: parse(text, request), header }
  }

  #logLine({ id, request, bytesOut, started }: Call, outcome: string, bytesIn: number): void {
    const ms = Math.round(performance.now() - started)
    this.#log.debug(
      `client #${id} ${request.method} ${request.route} ${outcome} ${ms} ms, ${bytesOut} B out, ${bytesIn} B in`,
    )
  }

  #traceBody({ id, request }: Call, direction: 'in' | 'out', body: unknown): void {
    this.#log.trace?.(() => `client #${id} ${direction}: ${traceBody(request.route, body, this.#secrets)}`)
  }
}

/** One request on its way. */
interface Call {
  /** Unique in this window; what its lines in the log are told apart by. */
  readonly id: number
  readonly request: HttpRequest
  readonly body: string | undefined
  readonly bytesOut: number
  /** On the clock of `performance.now()`. */
  readonly started: number
}

let lastID = 0

async function readBody(response: Dispatcher.ResponseData, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
}

/** Flowing mode on purpose: the server queues without bound for a reader that pauses. */
function pump(body: Dispatcher.ResponseData['body'], onBytes: (bytes: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    body.on('data', (bytes: Buffer) => {
      try {
        onBytes(bytes)
      } catch (error) {
        body.destroy(error instanceof Error ? error : new Error(String(error)))
      }
    })
    body.once('end', resolve)
    body.once('error', reject)
    body.once('close', resolve)
  })
}

async function decode(response: Dispatcher.ResponseData, bytes: Buffer, maxBytes: number): Promise<Buffer> {
  if (firstHeader(response, 'content-encoding') !== 'gzip') return bytes
  try {
    return await unzip(bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes)
    throw new OpencodeError('bad-response', 'The answer of the OpenCode server is damaged (gzip).')
  }
}

function parse(text: string, request: HttpRequest): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The parser's own message quotes the text, which may hold a secret.
    throw new OpencodeError(
      'bad-response',
      `The answer to ${request.method} ${request.route} is not valid JSON.`,
    )
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

function firstHeader(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function contentType(response: Dispatcher.ResponseData): string {
  return (firstHeader(response, 'content-type') ?? '').toLowerCase()
}

/** Servers of the 1.x line answer any unknown route with their web page and status 200. */
function notJson(request: HttpRequest): OpencodeError {
  return new OpencodeError(
    'unsupported',
    `The server does not know ${request.method} ${request.route}: it answered with something other than JSON.`,
  )
}

function tooLarge(maxBytes: number): OpencodeError {
  return new OpencodeError(
    'too-large',
    `The answer of the server is larger than ${Math.round(maxBytes / 1048576)} MiB.`,
  )
}

function proxySecrets(proxy: string | undefined): readonly string[] {
  if (proxy === undefined || !URL.canParse(proxy)) return []
  const password = new URL(proxy).password
  return [password, decodeURIComponent(password)]
}
