import type { Connection } from '../client/connection.ts'
import type { SessionHub } from '../sync/sessionHub.ts'

const askMs = 3_000

/**
 * Whether a session runs in one of these directories. The server is asked, since the lists of a stream that
 * is not up yet still show what the server before it was doing; one that does not answer runs nothing for us.
 */
export async function isAnythingRunning(
  connection: Connection,
  directories: readonly string[],
): Promise<boolean> {
  const isRunning = async (): Promise<boolean> => {
    const statuses = await Promise.all(directories.map((directory) => connection.readStatus(directory)))
    return statuses.some(({ size }) => size > 0)
  }
  const patience = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), askMs).unref())
  return Promise.race([isRunning().catch(() => false), patience])
}

/** Resolves when nothing runs in a directory (any more), or false when the signal ends the waiting. */
export async function whenIdle(hub: SessionHub, directory: string, signal: AbortSignal): Promise<boolean> {
  if (!isBusy(hub, directory)) return true
  return new Promise((resolve) => {
    const subscription = hub.onDidChangeIndex((changed) => {
      if (changed === directory && !isBusy(hub, directory)) done(true)
    })
    const stop = (): void => done(false)
    const done = (isIdle: boolean): void => {
      subscription.dispose()
      signal.removeEventListener('abort', stop)
      resolve(isIdle)
    }
    signal.addEventListener('abort', stop)
  })
}

export function isBusy(hub: SessionHub, directory: string): boolean {
  return hub.sessions(directory).some(({ status }) => status.kind !== 'idle')
}
