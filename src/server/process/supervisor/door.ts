import { timingSafeEqual } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { type Server, type Socket, createServer } from 'node:net'
import { removeLease, writeLease } from '../../lease/lease.ts'
import type { ShareOffer, ToSupervisor } from './messages.ts'

const helloTimeoutMs = 5000
const maxHelloLength = 1024

export interface Door {
  /** Lets nobody in any more, and takes the lease away. */
  close(): Promise<void>
}

/** A visitor who has shown that this user sent it; its further lines are not read yet. */
export interface Visitor {
  readonly socket: Socket
  readonly host: number
  readonly wantsPassword: boolean
}

/**
 * Listens on a local socket for other windows of this user, then writes the lease. It lies in a folder that no
 * other user can enter, and a visitor has to know the nonce of the lease on top (named pipes of Windows lie in
 * no folder).
 * @throws Error when it cannot listen or write
 */
export async function openDoor(offer: ShareOffer, onVisit: (visitor: Visitor) => void): Promise<Door> {
  const { lease, leasePath } = offer
  const server = createServer((socket) => receive(socket, lease.nonce, onVisit))
  await listen(server, lease.socketPath)
  try {
    if (process.platform !== 'win32') await chmod(lease.socketPath, 0o600)
    await writeLease(leasePath, lease)
  } catch (error) {
    server.close()
    throw error
  }
  return {
    async close() {
      // Also removes the socket. Windows that are still connected are not waited for.
      server.close()
      await removeLease(leasePath, lease.nonce).catch(() => undefined)
    },
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      server.on('error', () => undefined)
      resolve()
    })
  })
}

/** The first line decides; who says anything else, or nothing in time, is sent away without a word. */
function receive(socket: Socket, nonce: string, onVisit: (visitor: Visitor) => void): void {
  let text = ''
  const timer = setTimeout(() => socket.destroy(), helloTimeoutMs)
  const read = (chunk: Buffer): void => {
    text += chunk.toString('utf8')
    const end = text.indexOf('\n')
    if (end < 0 && text.length <= maxHelloLength) return
    clearTimeout(timer)
    socket.off('data', read)
    const hello = end === text.length - 1 ? parseHello(text) : undefined
    if (!hello || !isSame(hello.nonce, nonce)) return void socket.destroy()
    onVisit({ socket, host: hello.host, wantsPassword: hello.wantsPassword })
  }
  socket.on('error', () => undefined)
  socket.once('close', () => clearTimeout(timer))
  socket.on('data', read)
}

function parseHello(text: string): Extract<ToSupervisor, { type: 'hello' }> | undefined {
  try {
    const message = JSON.parse(text) as Partial<Extract<ToSupervisor, { type: 'hello' }>> | null
    if (message?.type !== 'hello' || typeof message.nonce !== 'string') return undefined
    const { type, nonce, host, wantsPassword } = message
    return { type, nonce, host: Number(host), wantsPassword: wantsPassword === true }
  } catch {
    return undefined
  }
}

function isSame(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)]
  return first.length === second.length && timingSafeEqual(first, second)
}
