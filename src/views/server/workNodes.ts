import * as vscode from 'vscode'
import type { Account } from '../../client/accounts.ts'
import type { SavedRule } from '../../client/savedRules.ts'
import type { RunningShell } from '../../client/shells.ts'
import type { Worktree } from '../../client/worktrees.ts'
import type { FileChange } from '../../session/model.ts'
import { knownFolders } from '../../platform/folders.ts'
import { relativeTime } from '../relativeTime.ts'
import type { ServerPlace } from './serverRows.ts'
import { row, section } from './serverRows.ts'
import type { ServerNode } from './serverRows.ts'

/** What only some servers have; a section is missing where the server does not have it. */
export async function workSections(place: ServerPlace): Promise<readonly ServerNode[]> {
  const sections = [shellSection(place), worktreeSection(place), changesSection(place), rulesSection(place)]
  return (await Promise.all(sections)).flatMap((found) => found ?? [])
}

/** How many there are stands on a section itself, so they are read with it. */
async function counted<T>(
  look: Parameters<typeof section>[0],
  read: () => Promise<readonly T[]>,
  toRow: (item: T) => ServerNode,
): Promise<ServerNode> {
  try {
    const items = await read()
    const description = items.length === 0 ? '' : String(items.length)
    return section({ description, ...look }, () => items.map(toRow))
  } catch (error) {
    return section(look, () => {
      throw error
    })
  }
}

async function shellSection({ connection, directory }: ServerPlace): Promise<ServerNode | undefined> {
  const { shells } = connection
  if (!shells) return undefined
  const look = {
    id: 'shells',
    icon: 'server-process',
    label: vscode.l10n.t('Running commands'),
    otherwise: vscode.l10n.t('None runs'),
  }
  return counted(look, () => shells.list(directory), shellRow)
}

function shellRow({ id, command, sessionID }: RunningShell): ServerNode {
  const label = command?.split('\n', 1)[0] ?? id
  const node = row({
    id: `shell.${id}`,
    icon: 'terminal',
    label,
    description: sessionID === undefined ? '' : vscode.l10n.t('of a session'),
    tooltip: command ?? id,
    context: 'shell',
    command: ['opencodeSessions.openServerRow', 'shell', id],
  })
  return { ...node, target: { kind: 'shell', id, label } }
}

async function worktreeSection({ connection, directory }: ServerPlace): Promise<ServerNode | undefined> {
  const { worktrees } = connection
  if (!worktrees) return undefined
  const look = { id: 'worktrees', icon: 'repo-forked', label: vscode.l10n.t('Working copies') }
  return counted(
    look,
    () => worktrees.list(directory),
    (worktree) => worktreeRow(worktree, directory),
  )
}

function worktreeRow({ directory: id, strategy = '' }: Worktree, here: string): ServerNode {
  const label = id.split(/[\\/]/).at(-1) ?? id
  const isHere = id === here
  const node = row({
    id: `worktree.${id}`,
    icon: isHere ? 'folder-active' : 'folder',
    label,
    description: isHere ? vscode.l10n.t('this folder') : strategy,
    tooltip: id,
    // A folder of the window is not removed from here.
    context: isHere || knownFolders().some((folder) => folder.directory === id) ? 'folder' : 'worktree',
  })
  return { ...node, target: { kind: 'worktree', id, label } }
}

/** Without version control there is nothing to tell. */
async function changesSection({ connection, directory }: ServerPlace): Promise<ServerNode | undefined> {
  const { versionControl } = connection
  if (!versionControl) return undefined
  const look = { id: 'vcs', icon: 'git-commit', label: vscode.l10n.t('Not committed') }
  try {
    const { branch, files } = await versionControl.changes(directory)
    if (branch === undefined && files.length === 0) return undefined
    const count = files.length === 0 ? vscode.l10n.t('nothing') : String(files.length)
    const description = [branch, count].filter(Boolean).join(' · ')
    return section({ ...look, description, otherwise: vscode.l10n.t('Nothing') }, () =>
      files.map((file) => changeRow(file, directory)),
    )
  } catch (error) {
    return section(look, () => {
      throw error
    })
  }
}

const changeIcons = { added: 'diff-added', deleted: 'diff-removed', modified: 'diff-modified' } as const

function changeRow({ path, status, additions, deletions }: FileChange, directory: string): ServerNode {
  const label = path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : path
  return row({
    id: `vcs.${path}`,
    icon: changeIcons[status],
    label,
    description: `+${String(additions)} −${String(deletions)}`,
    tooltip: path,
    command: ['opencodeSessions.openServerRow', 'change', path],
  })
}

async function rulesSection({ connection, directory }: ServerPlace): Promise<ServerNode | undefined> {
  const { savedRules } = connection
  if (!savedRules) return undefined
  const look = {
    id: 'always',
    icon: 'unlock',
    label: vscode.l10n.t('Allowed "always"'),
    context: 'savedRules',
    tooltip: vscode.l10n.t('Kept by the server for this project, wherever it was allowed'),
    otherwise: vscode.l10n.t('Nothing is allowed "always" in this project'),
  }
  return counted(look, () => savedRules.list(directory), ruleRow)
}

function ruleRow({ id, action, pattern, given }: SavedRule): ServerNode {
  const label = `${action}: ${pattern}`
  const node = row({
    id: `saved.${id}`,
    icon: 'pass',
    label,
    description: given > 0 ? relativeTime(given) : '',
    context: 'savedRule',
  })
  return { ...node, target: { kind: 'rule', id, label } }
}

/** The accounts of one provider, as rows below it. */
export function accountRow({ id, label, kind, isOwn }: Account): ServerNode {
  const words = kind === 'login' ? vscode.l10n.t('login') : vscode.l10n.t('API key')
  const node = row({
    id: `account.${id}`,
    icon: kind === 'login' ? 'account' : 'key',
    label: isOwn ? vscode.l10n.t('Key from VS Code') : label,
    description: words,
    context: isOwn ? 'accountOwn' : 'account',
    ...(isOwn ? { command: ['opencodeSessions.showProviders'] as const } : {}),
  })
  return { ...node, target: { kind: 'account', id, label } }
}
