import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'

/** A TCP proxy in front of a server, whose connections can be cut at any moment. */
export interface CuttingProxy {
  readonly url: string
  /** Where connections lead from now on; undefined refuses them. */
  setTarget(port: number | undefined): void
  /** Resets all open connections. */
  cut(): void
  /** From now on answers are swallowed: requests still reach the server. */
  muteAnswers(isMute: boolean): void
  /** From now on nothing of the server's is read any more, so that it cannot go on writing; false: all of it. */
  holdAnswers(isHeld: boolean): void
  close(): Promise<void>
}

export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  let target: number | undefined = port
  let isMute = false
  let isHeld = false
  const upstreams = new Set<Socket>()
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    if (target === undefined) {
      client.destroy()
      return
    }
    const upstream = connect(target, '127.0.0.1')
    upstreams.add(upstream)
    if (isHeld) upstream.pause()
    upstream.on('close', () => upstreams.delete(upstream))
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (data) => upstream.write(data))
    upstream.on('data', (data) => {
      if (!isMute) client.write(data)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    setTarget: (next) => (target = next),
    cut,
    muteAnswers: (next) => (isMute = next),
    holdAnswers: (next) => {
      isHeld = next
      for (const upstream of upstreams) {
        if (isHeld) upstream.pause()
        else upstream.resume()
      }
    },
    close: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
