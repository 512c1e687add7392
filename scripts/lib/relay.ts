import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** A port that leads to another one on the loopback of this machine. */
export interface Relay {
  readonly port: number
  close(): Promise<void>
}

/** What listens on loopback alone cannot be reached from a container; this listens on another address for it. */
export async function startRelay(port: number, address: string): Promise<Relay> {
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port })
    client.pipe(upstream).pipe(client)
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.on('error', end)
  })
  server.listen(0, address)
  await once(server, 'listening')
  server.unref()
  const bound = server.address()
  return {
    port: typeof bound === 'object' && bound ? bound.port : 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
      }),
  }
}
