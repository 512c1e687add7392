import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { statSync } from 'node:fs'
import type { Data } from './wire.ts'
import { isData, Refusal } from './wire.ts'
import type { World } from './world.ts'
import { projectOf, rootOfProject } from './world.ts'

export interface Call {
  readonly params: readonly string[]
  readonly query: URLSearchParams
  readonly body: Data
  /** @throws Refusal `LocationNotFoundError` */
  directory(): string
}

/** Undefined: 204. `Raw` is sent as it is. */
export type Answer = unknown
export type Handler = (call: Call) => Answer

export interface Route {
  readonly method: string
  /** `:x` stands for one part of the path, `*` for the rest of it. */
  readonly path: string
  readonly handle: Handler
  /** The answer gets `{location, data}` around it. */
  readonly isLocated?: boolean
}

export class Raw {
  readonly bytes: Buffer
  readonly type: string
  readonly status: number

  constructor(bytes: Buffer, type: string, status = 200) {
    this.bytes = bytes
    this.type = type
    this.status = status
  }
}

export interface HttpOptions {
  readonly world: World
  readonly routes: readonly Route[]
  readonly password: string
  readonly cwd: string
  readonly heartbeatMs: number
}

const overflowLimit = 4096
const webPage = '<!doctype html><title>OpenCode</title><div id="root"></div>'

export function createHttpServer(options: HttpOptions): Server {
  const table = options.routes.map((route) => ({ route, pattern: toPattern(route.path) }))
  return createServer((request, response) => {
    serve(request, response, { ...options, table }).catch((error: unknown) => sendError(response, error))
  })
}

interface Table extends HttpOptions {
  readonly table: readonly { readonly route: Route; readonly pattern: RegExp }[]
}

async function serve(request: IncomingMessage, response: ServerResponse, options: Table): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://server')
  if (!url.pathname.startsWith('/api/')) {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(webPage)
    return
  }
  checkLogin(request, options.password)
  if (request.method === 'GET' && url.pathname === '/api/event') {
    streamEvents(response, options)
    return
  }
  // Routes that not every release has.
  const lacking = process.env['SCRIPTED2_WITHOUT']
  if (lacking !== undefined && url.pathname.endsWith(lacking))
    throw new Refusal(404, 'NotFoundError', `No such route: ${url.pathname}`)
  for (const { route, pattern } of options.table) {
    const found = route.method === request.method ? pattern.exec(url.pathname) : null
    if (!found) continue
    const params = found.slice(1).map((part) => decodeURIComponent(part))
    const directory = (): string => locate(url, request, options.cwd)
    const call = { params, query: url.searchParams, body: await readBody(request), directory }
    send(response, await route.handle(call), route.isLocated === true ? directory() : undefined)
    return
  }
  throw new Refusal(404, 'NotFoundError', `No such route: ${url.pathname}`)
}

function checkLogin(request: IncomingMessage, password: string): void {
  const wanted = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`
  if (request.headers.authorization !== wanted)
    throw new Refusal(401, 'UnauthorizedError', 'Wrong user name or password.')
}

function locate(url: URL, request: IncomingMessage, cwd: string): string {
  const header = request.headers['x-opencode-directory']
  const named =
    url.searchParams.get('location[directory]') ?? (typeof header === 'string' ? decodeOnce(header) : cwd)
  const isThere = statSync(named, { throwIfNoEntry: false })?.isDirectory() === true
  if (!isThere) throw new Refusal(404, 'LocationNotFoundError', `No such directory: ${named}`)
  return named
}

function decodeOnce(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

async function readBody(request: IncomingMessage): Promise<Data> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  if (text === '') return {}
  try {
    const body: unknown = JSON.parse(text)
    if (isData(body)) return body
  } catch {
    // Refused below, like anything else that is no object.
  }
  throw new Refusal(400, 'InvalidRequestError', 'Expected a JSON object.', { kind: 'Body' })
}

function locationOf(directory: string): Data {
  const id = projectOf(directory)
  return { directory, project: { id, directory, canonical: rootOfProject(id) } }
}

function send(response: ServerResponse, answer: Answer, directory: string | undefined): void {
  if (answer === undefined && directory === undefined) {
    response.writeHead(204).end()
    return
  }
  if (answer instanceof Raw) {
    response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.bytes)
    return
  }
  const body = directory === undefined ? answer : { location: locationOf(directory), data: answer }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function sendError(response: ServerResponse, error: unknown): void {
  const refusal =
    error instanceof Refusal
      ? error
      : new Refusal(500, 'UnknownError', String(error), { ref: 'err_scripted' })
  if (response.headersSent) {
    response.destroy()
    return
  }
  const login = refusal.status === 401 ? { 'www-authenticate': 'Basic realm="Secure Area"' } : {}
  response
    .writeHead(refusal.status, { 'content-type': 'application/json', ...login })
    .end(JSON.stringify({ _tag: refusal.tag, message: refusal.message, ...refusal.more }))
}

/** No replay: who connects hears what happens from now on. Who does not read fast enough is cut off. */
function streamEvents(response: ServerResponse, { world, heartbeatMs }: HttpOptions): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  const waiting: string[] = []
  const flush = (): void => {
    while (waiting.length > 0 && !response.writableNeedDrain) response.write(waiting.shift())
  }
  const write = (frame: string): void => {
    waiting.push(frame)
    flush()
    if (waiting.length > overflowLimit) response.destroy(new Error('The reader is too slow.'))
  }
  response.on('drain', flush)
  write(`data: ${JSON.stringify({ id: 'evt_connected', type: 'server.connected', data: {} })}\n\n`)
  const stop = world.listen((event) => write(`data: ${JSON.stringify(event)}\n\n`))
  const timer = setInterval(() => write(': heartbeat\n\n'), heartbeatMs)
  response.on('close', () => {
    stop()
    clearInterval(timer)
  })
}

function toPattern(route: string): RegExp {
  const parts = route
    .split('/')
    .map((part) => (part.startsWith(':') ? '([^/]+)' : part === '*' ? '(.*)' : part))
  return new RegExp(`^${parts.join('/')}$`)
}
