import { basename } from 'node:path'
import * as vscode from 'vscode'
import type { Connection } from '../../client/connection.ts'
import type { Backend } from '../../views/backend/backends.ts'
import { isBusy, whenIdle } from '../busyWork.ts'

/** Changed credentials take effect when the server loads a folder anew, which ends what runs there. */
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
