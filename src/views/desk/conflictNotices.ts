import { basename } from 'node:path'
import * as vscode from 'vscode'
import type { ConflictAnswer, FileConflict } from '../../protocol/desk.ts'
import type { Notify } from '../../platform/notify.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { EditConflicts } from './conflicts.ts'

/** Tells of a file that was written under unsaved text while no chat is in sight that would say it. */
export function noticeConflicts(options: {
  readonly conflicts: EditConflicts
  readonly isInSight: () => boolean
  readonly notify: Notify
}): Disposable {
  const { conflicts, isInSight, notify } = options
  return conflicts.onDidChange((conflict) => {
    if (conflict && !isInSight()) void ask(conflicts, conflict).catch((error: unknown) => notify.error(error))
  })
}

async function ask(conflicts: EditConflicts, { path, isGone }: FileConflict): Promise<void> {
  if (isGone) return askGone(conflicts, path)
  const answers = new Map<string, ConflictAnswer>([
    [vscode.l10n.t('Merge'), 'merge'],
    [vscode.l10n.t('Compare'), 'compare'],
    [vscode.l10n.t('Keep mine'), 'mine'],
    [vscode.l10n.t('Take theirs'), 'theirs'],
  ])
  const question = vscode.l10n.t(
    'OpenCode wrote {0}, which has unsaved changes here. Your text is untouched.',
    basename(path),
  )
  const picked = await vscode.window.showWarningMessage(question, ...answers.keys())
  const how = picked === undefined ? undefined : answers.get(picked)
  if (how) await conflicts.answer(path, how)
}

async function askGone(conflicts: EditConflicts, path: string): Promise<void> {
  const save = vscode.l10n.t('Save it again')
  const question = vscode.l10n.t('OpenCode removed {0}, which has unsaved changes here.', basename(path))
  if ((await vscode.window.showWarningMessage(question, save)) === save) await conflicts.answer(path, 'mine')
}
