import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { wireOf } from '../../opencode/version.ts'
import { LaunchError, abortedError } from '../launchError.ts'
import { isRunning } from '../process/processTable.ts'
import { readLease } from './lease.ts'
import type { Lease } from './lease.ts'
import type { LeasePlace } from './leasePlace.ts'

/** Longer than a window that reloads keeps its server. */
const usualPatienceMs = 30_000
const pollMs = 250

export interface OtherLineOptions {
  /** Of the server that is to start. */
  readonly version: string
  readonly signal: AbortSignal
  /** Default 30 s. */
  readonly patienceMs?: number | undefined
}

/**
 * OpenCode 1.x and 2.x keep their sessions in one database, which 2.x brings up to date: they must not run on it at
 * once, as after an update under an open window. A server of the other line that windows share is waited for.
 * @throws OpencodeError `launch-failed` when it stays, `aborted`
 */
export async function whenOtherLineIsGone(place: LeasePlace, options: OtherLineOptions): Promise<void> {
  const { version, signal, patienceMs = usualPatienceMs } = options
  const end = performance.now() + patienceMs
  for (let other = await otherLine(place, version); other; other = await otherLine(place, version)) {
    if (performance.now() > end) {
      const message = `OpenCode ${other.version} still runs for another window, on the same data that OpenCode ${version} would change. Close that window, or stop its server there with "OpenCode: Stop Server", and try again.`
      throw new LaunchError('launch-failed', message, { detail: `process ${other.server.pid}` })
    }
    await sleep(pollMs, undefined, { signal }).catch(() => {
      throw abortedError()
    })
  }
}

async function otherLine({ leasePath, data }: LeasePlace, version: string): Promise<Lease | undefined> {
  const folder = dirname(leasePath)
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'))
  for (const name of names) {
    const lease = await readLease(join(folder, name))
    if (lease === undefined || lease === 'broken') continue
    if (lease.data !== data || wireOf(lease.version) === wireOf(version)) continue
    if (await isRunning(lease.server)) return lease
  }
  return undefined
}
