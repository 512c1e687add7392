import type { ClientLog } from '../../client/connection.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import { type FileLock, acquireLock } from './fileLock.ts'
import { startLockPath } from './leasePlace.ts'

/** A start may take 30 s, four times when others are quicker to take the port. */
export const startPatienceMs = 90_000

export interface StartLockOptions {
  readonly env: NodeJS.ProcessEnv
  readonly log: ClientLog
  readonly signal: AbortSignal
}

/**
 * Runs a start while no other window of this machine starts a server on the same data: two that meet a fresh
 * or an old database both want to bring it up to date. Where no lock can be had, it runs all the same.
 * @throws OpencodeError `timeout` when another start does not come to an end, `aborted`
 */
export async function underStartLock<T>(options: StartLockOptions, start: () => Promise<T>): Promise<T> {
  const lock = await lockOrWarn(options)
  try {
    return await start()
  } finally {
    await lock?.release()
  }
}

async function lockOrWarn({ env, log, signal }: StartLockOptions): Promise<FileLock | undefined> {
  try {
    return await acquireLock(await startLockPath(env), { signal, timeoutMs: startPatienceMs })
  } catch (error) {
    if (error instanceof OpencodeError) throw error
    log.warn(`server: it starts without looking at other windows: ${String(error)}`)
    return undefined
  }
}
