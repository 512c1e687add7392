import * as vscode from 'vscode'
import { needAbility } from '../../opencode/abilities.ts'
import type { CommandContext } from '../commandSpec.ts'
import type { SessionTarget } from './sessionTargets.ts'

export async function renameSession({ id, title, backend }: SessionTarget): Promise<void> {
  const next = await vscode.window.showInputBox({
    title: vscode.l10n.t('Rename session'),
    value: title,
    validateInput: (text) => (text.trim() === '' ? vscode.l10n.t('A session needs a name.') : undefined),
  })
  if (next === undefined || next.trim() === title) return
  const connection = await backend.access.ensure()
  await connection.renameSession(id, next.trim())
}

/** Asks once, however many there are. */
export async function deleteSessions(targets: readonly SessionTarget[]): Promise<void> {
  const [first] = targets
  if (!first) return
  const confirm = vscode.l10n.t('Delete')
  const question =
    targets.length === 1
      ? vscode.l10n.t('Delete the session "{0}"?', first.title)
      : vscode.l10n.t('Delete {0} sessions?', targets.length)
  const detail = vscode.l10n.t('Its messages are gone for good. Changed files stay as they are.')
  const details = vscode.l10n.t('Their messages are gone for good. Changed files stay as they are.')
  const options = {
    modal: true,
    detail: targets.length === 1 ? detail : `${titlesOf(targets)}\n\n${details}`,
  }
  if ((await vscode.window.showWarningMessage(question, options, confirm)) !== confirm) return
  for (const { id, backend } of targets) await (await backend.access.ensure()).deleteSession(id)
}

/** Archives sessions, or brings them back. Sessions that a chat shows stay on screen. */
export async function archiveSessions(
  { services }: CommandContext,
  targets: readonly SessionTarget[],
  isArchived: boolean,
): Promise<void> {
  for (const { id, backend } of targets) {
    const connection = await backend.access.ensure()
    needAbility(connection, 'archive')
    await connection.library.archive(id, isArchived ? Date.now() : undefined)
  }
  if (!isArchived) return
  services.notify.done(
    targets.length === 1
      ? vscode.l10n.t('Archived "{0}".', targets[0]?.title ?? '')
      : vscode.l10n.t('Archived {0} sessions.', targets.length),
  )
}

export async function pinSessions(
  { browser }: CommandContext,
  targets: readonly SessionTarget[],
  isPinned: boolean,
): Promise<void> {
  await browser.marks.pin(
    targets.map(({ id }) => id),
    isPinned,
  )
}

/** What waits behind a stopped run does not follow by itself. */
export async function stopSessions(
  { services }: CommandContext,
  targets: readonly SessionTarget[],
): Promise<void> {
  for (const { id, backend } of targets) {
    services.composer.queue.pause(id, vscode.l10n.t('The run was stopped.'))
    await (await backend.access.ensure()).abort(id)
  }
}

const namedTitles = 8

function titlesOf(targets: readonly SessionTarget[]): string {
  const names = targets.slice(0, namedTitles).map(({ title }) => `• ${title}`)
  const rest = targets.length - names.length
  return [...names, ...(rest > 0 ? [vscode.l10n.t('• … and {0} more', rest)] : [])].join('\n')
}
