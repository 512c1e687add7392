import * as vscode from 'vscode'
import type { Backend } from '../../views/backend/backends.ts'
import { isAnythingRunning } from '../busyWork.ts'

/** Whether this window may go over to another server; one that others use goes on without us. */
export async function mayLeave(backend: Backend): Promise<boolean> {
  return othersOf(backend) > 0 || mayInterrupt(backend, vscode.l10n.t('Change the server?'))
}

/** A server that other windows use can be stopped for all of them, or only be left. */
export async function stopServer(backend: Backend): Promise<void> {
  const question = vscode.l10n.t('Stop the server?')
  const others = othersOf(backend)
  if (others === 0) {
    if (await mayInterrupt(backend, question)) await backend.access.stop()
    return
  }
  const all = vscode.l10n.t('Stop for All Windows')
  const own = vscode.l10n.t('Disconnect This Window')
  const detail = [
    sayOthers(others),
    vscode.l10n.t('Stop it for all, which interrupts what runs there, or only disconnect this window?'),
  ].join('\n')
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, own, all)
  if (answer === all) await backend.access.stop()
  else if (answer === own) await backend.access.leave()
}

/** Other windows that use the server get the new one too, so they are named. */
export async function restartServer(backend: Backend): Promise<void> {
  const question = vscode.l10n.t('Restart the server?')
  const others = othersOf(backend)
  if (others === 0) {
    if (await mayInterrupt(backend, question)) await backend.access.restart()
    return
  }
  const all = vscode.l10n.t('Restart for All Windows')
  const detail = [
    sayOthers(others),
    vscode.l10n.t('What runs there is interrupted, and all windows go over to the new server.'),
  ].join('\n')
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, all)
  if (answer === all) await backend.access.restart()
}

function sayOthers(others: number): string {
  return others === 1
    ? vscode.l10n.t('Another window uses this server.')
    : vscode.l10n.t('{0} other windows use this server.', others)
}

/** How many other windows use the same server. */
function othersOf({ server: { status } }: Backend): number {
  return status.kind === 'running' && status.sharing ? status.sharing.windows - 1 : 0
}

/** Work that would be cut off is asked about; a server that we only connect to goes on without us. */
async function mayInterrupt(backend: Backend, question: string): Promise<boolean> {
  const { status, connection } = backend.server
  if (status.kind !== 'running' || status.origin === 'attached' || !connection) return true
  if (!(await isAnythingRunning(connection, backend.directories))) return true
  const yes = vscode.l10n.t('Interrupt')
  const detail = vscode.l10n.t('A session is running; it would be interrupted.')
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes
}
