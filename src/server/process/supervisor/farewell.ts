import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FarewellRequest } from '../../../client/connection.ts'
import type { FarewellMessage } from './messages.ts'

const requestTimeoutMs = 1000
const totalTimeoutMs = 2000

/** What is to be sent to the server before its end. All windows that use it add to it. */
export class Farewell {
  #server: Pick<FarewellMessage, 'url' | 'username' | 'password'> | undefined
  readonly #requests = new Map<string, FarewellRequest>()

  change({ url, username, password, requests, dropped }: FarewellMessage): void {
    this.#server = { url, username, password }
    for (const item of dropped) this.#requests.delete(nameOf(item))
    for (const item of requests) {
      // What comes again moves to the end, so that the order of the last window holds.
      this.#requests.delete(nameOf(item))
      this.#requests.set(nameOf(item), item)
    }
  }

  /**
   * Sends all of it, one after the other. Failures do not matter any more; it never rejects and ends after
   * 2 s whatever the server does.
   */
  async send(): Promise<void> {
    const server = this.#server
    if (!server) return
    const controller = new AbortController()
    const all = (async (): Promise<void> => {
      for (const item of this.#requests.values()) await send(server, item, controller.signal)
    })()
    await Promise.race([
      all,
      sleep(totalTimeoutMs, undefined, { signal: controller.signal }).catch(() => undefined),
    ])
    controller.abort()
  }
}

function nameOf({ method, path }: FarewellRequest): string {
  return `${method} ${path}`
}

function send(
  server: Pick<FarewellMessage, 'url' | 'username' | 'password'>,
  item: FarewellRequest,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const outgoing = request(new URL(item.path, server.url), {
      method: item.method,
      auth: `${server.username}:${server.password}`,
      timeout: requestTimeoutMs,
      signal,
      agent: false,
    })
    outgoing.on('response', (response) => response.resume().on('close', resolve))
    outgoing.on('timeout', () => outgoing.destroy())
    outgoing.on('error', () => resolve())
    outgoing.on('close', () => resolve())
    outgoing.end()
  })
}
