import { once } from 'node:events'
import * as http from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as https from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { HttpClient } from '../../../../src/client/http/httpClient.ts'
import type { ClientLog, Endpoint } from '../../../../src/client/connection.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

export interface TestServer {
  readonly url: string
  readonly port: number
  readonly requests: readonly Seen[]
  /** Cuts the sockets that are open now, as a crash would. */
  cut(): void
  close(): Promise<void>
}

/** What came in. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: http.IncomingHttpHeaders
}

/** A server of the test's own on loopback. */
export async function startTestServer(
  handler: Handler,
  options: Pick<https.ServerOptions, 'ca' | 'cert' | 'key' | 'requestCert' | 'maxVersion'> & {
    readonly port?: number
  } = {},
): Promise<TestServer> {
  const requests: Seen[] = []
  const listen: Handler = (request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers })
    request.resume()
    handler(request, response)
  }
  const isTls = options.cert !== undefined
  const server = isTls ? https.createServer(options, listen) : http.createServer(listen)
  return { ...(await openServer(server, isTls ? 'https' : 'http', options.port)), requests }
}

export async function openServer(
  server: Server,
  scheme: string,
  port = 0,
): Promise<Pick<TestServer, 'url' | 'port' | 'cut' | 'close'>> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const { port: bound } = server.address() as AddressInfo
  return {
    port: bound,
    url: `${scheme}://127.0.0.1:${bound}`,
    cut,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: http.OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** A log that keeps its lines. */
export function memoryLog(): ClientLog & { readonly lines: string[] } {
  const lines: string[] = []
  const add = (message: string): void => void lines.push(message)
  return { lines, debug: add, info: add, warn: add }
}

export const testPassword = 'pass-w0rd-of-the-test'

export function endpointOf(url: string, changes: Partial<Endpoint> = {}): Endpoint {
  return { url, username: 'opencode', password: testPassword, ...changes }
}

export function clientOf(
  url: string,
  changes: Partial<Endpoint> = {},
  log: ClientLog = memoryLog(),
): Promise<HttpClient> {
  return HttpClient.create(endpointOf(url, changes), log)
}
