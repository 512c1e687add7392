import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { answerMcp } from './mcpMessages.ts'
import type { McpTool } from './mcpTool.ts'

const bodyLimitBytes = 256 * 1024

/** The tools of one directory under an address of their own. */
export interface McpPlace {
  /** On the loopback interface of this machine. */
  readonly url: string
  /** What a client has to send as bearer token. Lives in memory only; never log it. */
  readonly token: string
}

/**
 * Tools over HTTP for programs of this machine that were given the token. It listens on 127.0.0.1 at a port of the
 * system's choice, from the first place on until it is closed. Pages in a browser are refused, whatever they know.
 */
export class McpEndpoint {
  readonly #places = new Map<string, { readonly token: string; readonly tools: readonly McpTool[] }>()
  #server: Promise<Server> | undefined

  async add(tools: readonly McpTool[]): Promise<McpPlace> {
    const server = await (this.#server ??= this.#listen())
    const path = `/mcp/${randomBytes(6).toString('hex')}`
    const token = randomBytes(32).toString('base64url')
    this.#places.set(path, { token, tools })
    return { url: `http://127.0.0.1:${portOf(server)}${path}`, token }
  }

  /** From now on nothing answers at this address. */
  remove({ url }: McpPlace): void {
    this.#places.delete(new URL(url).pathname)
  }

  async close(): Promise<void> {
    const server = await this.#server
    this.#server = undefined
    this.#places.clear()
    server?.closeAllConnections()
    if (server) await new Promise((resolve) => server.close(resolve))
  }

  /** When no port can be had now, the next place tries again. */
  #listen(): Promise<Server> {
    const listening = listen((request, response) => this.#receive(request, response))
    listening.catch(() => (this.#server = undefined))
    return listening
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    this.#answer(request)
      .catch((): Answer => ({ status: 500 }))
      .then((answer) => send(response, answer))
      .catch(() => response.destroy())
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const place = this.#places.get(request.url ?? '')
    const status = refusal(request, place?.token)
    if (status !== undefined || !place) return { status: status ?? 404 }
    const body = await readBody(request)
    if (body === undefined) return { status: 413 }
    const message = parse(body)
    if (message === undefined) return { status: 400 }
    const answer = await answerMcp(message, place.tools)
    return answer ? { status: 200, body: JSON.stringify(answer) } : { status: 202 }
  }
}

interface Answer {
  readonly status: number
  /** JSON. */
  readonly body?: string
}

/** The status to refuse a request with. Whoever lacks the token learns nothing else, not even which places there are. */
function refusal(request: IncomingMessage, token: string | undefined): number | undefined {
  const { headers, method, socket } = request
  if (headers.origin !== undefined || headers.host !== `127.0.0.1:${socket.localPort ?? 0}`) return 403
  if (!isSameSecret(headers.authorization ?? '', `Bearer ${token ?? ''}`) || token === undefined) return 401
  if (method !== 'POST') return 405
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  return type === 'application/json' ? undefined : 415
}

/** Takes as long for a wrong value as for the right one, whatever its length. */
function isSameSecret(given: string, wanted: string): boolean {
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const type = body === undefined ? {} : { 'content-type': 'application/json', 'cache-control': 'no-store' }
  const allow = status === 405 ? { allow: 'POST' } : {}
  // What is left of a body that nobody reads must not keep the connection.
  const close = status >= 400 ? { connection: 'close' } : {}
  response.writeHead(status, { ...type, ...allow, ...close })
  response.end(body)
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyLimitBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

async function listen(
  receive: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, receive)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return server
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
