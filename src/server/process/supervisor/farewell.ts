import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FarewellRequest } from '../../../client/connection.ts'
import type { ToSupervisor } from './messages.ts'

const requestTimeoutMs = 1000
const totalTimeoutMs = 2000

/**
 * Sends the last requests to the server, one after the other. Failures do not matter any more; it never
 * rejects and ends after 2 s whatever the server does.
 */
export async function sendFarewell(farewell: Extract<ToSupervisor, { type: 'farewell' }>): Promise<void> {
  const controller = new AbortController()
  const all = (async (): Promise<void> => {
    for (const item of farewell.requests) await send(farewell, item, controller.signal)
  })()
  await Promise.race([
    all,
    sleep(totalTimeoutMs, undefined, { signal: controller.signal }).catch(() => undefined),
  ])
  controller.abort()
}

function send(
  farewell: Extract<ToSupervisor, { type: 'farewell' }>,
  item: FarewellRequest,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const outgoing = request(new URL(item.path, farewell.url), {
      method: item.method,
      auth: `${farewell.username}:${farewell.password}`,
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
