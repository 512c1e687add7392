import { workspaceFolders } from '../platform/folders.ts'
import type { SessionHub } from '../sync/sessionHub.ts'

/** Whether a session runs in a folder of this window, as far as the session lists know. */
export async function isAnythingRunning(hub: SessionHub): Promise<boolean> {
  const folders = await workspaceFolders()
  return folders.some(({ directory }) => isBusy(hub, directory))
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
