import * as vscode from 'vscode'
import type { Worktrees } from '../../client/worktrees.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { RunningContext } from '../commandSpec.ts'

/** Makes a working copy on a branch that the user names, and opens a session in it. */
export async function createWorktree(
  context: RunningContext,
  worktrees: Worktrees,
  directory: string,
): Promise<void> {
  const branch = await vscode.window.showInputBox({
    title: vscode.l10n.t('New Working Copy'),
    prompt: vscode.l10n.t('Name of its new branch. The server makes the copy beside this folder.'),
    value: `opencode/${new Date().toISOString().slice(0, 10)}`,
    validateInput: branchProblem,
  })
  if (branch === undefined) return
  const title = vscode.l10n.t('Making a working copy on {0}…', branch)
  const made = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title },
    () => worktrees.create(directory, branch),
  )
  await openWorktree(context, made)
}

/** What git refuses as the name of a branch, so far as people come across it. */
function branchProblem(name: string): string | undefined {
  const isBad =
    name === '' ||
    /[\s~^:?*[\\\u0000-\u001f\u007f]|\.\.|@\{|\/\/|^[-/]|[/.]$|\.lock$/.test(name) ||
    name.split('/').some((part) => part.startsWith('.'))
  return isBad ? vscode.l10n.t('A branch cannot be called that.') : undefined
}

/** A new session that works in the copy, in an editor tab. */
export async function openWorktree(
  { connection, panels }: Pick<RunningContext, 'connection' | 'panels'>,
  directory: string,
): Promise<void> {
  const { id } = await connection.createSession(directory)
  panels.open({ sessionID: id, directory }).focus()
}

/** Asks first, and once more before changes go that were not committed. */
export async function removeWorktree(
  worktrees: Worktrees,
  directory: string,
  worktree: string,
): Promise<void> {
  const remove = vscode.l10n.t('Remove')
  const question = vscode.l10n.t('Remove the working copy {0}?', worktree)
  const detail = vscode.l10n.t('Its files go; its branch and its sessions stay.')
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return
  try {
    await worktrees.remove(directory, worktree, false)
  } catch (error) {
    if (!(error instanceof OpencodeError)) throw error
    const anyway = vscode.l10n.t('Remove with Its Changes')
    const options = { modal: true, detail: error.message }
    const again = vscode.l10n.t('The server keeps the working copy. Remove it all the same?')
    if ((await vscode.window.showWarningMessage(again, options, anyway)) !== anyway) return
    await worktrees.remove(directory, worktree, true)
  }
}
