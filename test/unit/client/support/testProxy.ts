import * as http from 'node:http'
import * as net from 'node:net'
import { openServer } from './testServer.ts'

export interface TestProxy {
  readonly url: string
  /** Lines such as `CONNECT host:443` and `GET http://host/path`. */
  readonly seen: readonly string[]
  readonly authorizations: readonly (string | undefined)[]
  close(): Promise<void>
}

/** A proxy that leads every host name to one port on loopback. */
export async function startTestProxy(targetPort: number): Promise<TestProxy> {
  const seen: string[] = []
  const authorizations: (string | undefined)[] = []
  const server = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    authorizations.push(request.headers['proxy-authorization'])
    const path = new URL(request.url ?? '').pathname
    const onward = http.request(
      { port: targetPort, host: '127.0.0.1', method: request.method, path, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    request.pipe(onward)
  })
  server.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url}`)
    authorizations.push(request.headers['proxy-authorization'])
    const target = net.connect(targetPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      target.pipe(socket).pipe(target)
    })
    target.on('error', () => socket.destroy())
    socket.on('error', () => target.destroy())
    socket.on('close', () => target.destroy())
  })
  const { url, close } = await openServer(server, 'http')
  return { url, seen, authorizations, close }
}
