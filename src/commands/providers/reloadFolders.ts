import { basename } from 'node:path'
import * as vscode from 'vscode'
import type { Connection } from '../../client/connection.ts'
import type { Backend } from '../../views/backend/backends.ts'
import { isBusy, whenIdle } from '../busyWork.ts'

/**
 * Has changed credentials take effect: on some servers only when they load a folder anew, which ends what runs there.
 * Nothing is reloaded where they count at once: the server may be the user's own, with others at work on it.
 */
export async function applyCredentials(backend: Backend, connection: Connection): Promise<void> {
  if (!connection.providers.isEffectiveAtOnce) await reloadFolders(backend, connection)
}

/** Has the server load its folders anew, when nothing runs there or the user agrees. */
export async function reloadFolders({ hub, directories }: Backend, connection: Connection): Promise<void> {
  for (const directory of directories) {
    if (isBusy(hub, directory) && !(await mayReload(hub, directory))) continue
    await connection.reload(directory)
  }
}

async function mayReload(hub: Backend['hub'], directory: string): Promise<boolean> {
  const now = vscode.l10n.t('Interrupt and reload')
  const question = vscode.l10n.t(
    'A session runs in {0}. Use the changed key when it is done?',
    basename(directory),
  )
  const wait = new AbortController()
  const idle = whenIdle(hub, directory, wait.signal)
  const later = vscode.l10n.t('When it is done')
  const picked = await Promise.race([vscode.window.showInformationMessage(question, later, now), idle])
  if (picked === now) {
    wait.abort()
    return true
  }
  return idle
}
