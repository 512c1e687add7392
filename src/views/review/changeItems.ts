import { basename, dirname } from 'node:path'
import * as vscode from 'vscode'
import { shortName } from '../../prompt/documentPlace.ts'
import type { UnknownChange } from '../../review/reviewLedger.ts'
import { editorUri } from '../desk/texts.ts'
import type { ChangeNode } from './changeNode.ts'
import type { PendingFile } from './reviewState.ts'

export function folderItem(path: string, name: string): vscode.TreeItem {
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Expanded)
  item.id = `folder ${path}`
  item.resourceUri = editorUri(path)
  item.iconPath = vscode.ThemeIcon.Folder
  item.contextValue = 'changedFolder'
  return item
}

export function fileItem(pending: PendingFile): vscode.TreeItem {
  const { sessionID, file, directory } = pending
  const item = new vscode.TreeItem(basename(file.path))
  const words = [countWord(pending.counts), stateWord(pending, directory)].filter((word) => word !== '')
  item.id = `file ${sessionID} ${file.path}`
  item.resourceUri = editorUri(file.path)
  item.iconPath = vscode.ThemeIcon.File
  item.description = words.join(' · ')
  item.tooltip = [file.path, ...words].join('\n')
  item.contextValue = isOverwritten(pending) ? 'changedFile overwritten' : 'changedFile'
  item.accessibilityInformation = { label: [basename(file.path), ...words].join(', ') }
  item.command = {
    command: 'opencodeSessions.openChange',
    title: vscode.l10n.t('Open Changes'),
    arguments: [{ kind: 'file', file: pending } satisfies ChangeNode],
  }
  return item
}

export function unknownItem({
  change,
  directory,
}: ChangeNode & { readonly kind: 'unknown' }): vscode.TreeItem {
  const { path, kind } = change
  const words = [folderWord(path, directory), unknownWord(change)].filter((word) => word !== '')
  const item = new vscode.TreeItem(basename(path))
  item.iconPath = new vscode.ThemeIcon(kind === 'link' ? 'file-symlink-file' : 'question')
  item.resourceUri = editorUri(path)
  item.description = words.join(' · ')
  item.tooltip = [path, reasonOf(change)].join('\n')
  item.contextValue = 'unknownChange'
  item.accessibilityInformation = { label: [basename(path), ...words].join(', ') }
  item.command = {
    command: 'vscode.open',
    title: vscode.l10n.t('Open File'),
    arguments: [editorUri(path)],
  }
  return item
}

function unknownWord({ kind, before, after }: UnknownChange): string {
  if (kind === 'link') return vscode.l10n.t('a link was changed')
  if (kind !== 'large') return vscode.l10n.t('what changed is not known')
  if (after === undefined) return vscode.l10n.t('deleted · was {0}', sizeWord(before))
  if (before === undefined) return vscode.l10n.t('new · {0}', sizeWord(after))
  return sizeWord(before) === sizeWord(after)
    ? vscode.l10n.t('rewritten · {0}', sizeWord(after))
    : vscode.l10n.t('{0} → {1}', sizeWord(before), sizeWord(after))
}

function reasonOf({ kind }: UnknownChange): string {
  if (kind === 'link')
    return vscode.l10n.t('Only the contents of files are remembered, so that a link cannot be undone here.')
  return kind === 'large'
    ? vscode.l10n.t(
        'It is too large for its content to be remembered, so that this cannot be undone here. Your version control or a backup may have it.',
      )
    : vscode.l10n.t(
        'It was changed, but neither this extension nor the server remembers what was in it before, so that it cannot be undone here.',
      )
}

function sizeWord(bytes = 0): string {
  return vscode.l10n.t('{0} MB', (bytes / 1024 / 1024).toFixed(1))
}

export function serverFileItem(node: ChangeNode & { readonly kind: 'serverFile' }): vscode.TreeItem {
  const { change, directory } = node
  const { path, status, texts } = change
  const words = [
    folderWord(path, directory),
    countWord(texts),
    status === 'added' ? vscode.l10n.t('new') : status === 'deleted' ? vscode.l10n.t('deleted') : '',
  ].filter((word) => word !== '')
  const item = new vscode.TreeItem(basename(path))
  item.id = `server file ${path}`
  // A scheme of nobody: the file's icon, without what Git says of a file of the same name here.
  item.resourceUri = vscode.Uri.file(path).with({ scheme: 'opencode-server' })
  item.iconPath = vscode.ThemeIcon.File
  item.description = words.join(' · ')
  item.tooltip = [path, ...words, vscode.l10n.t('On the server; it can only be read here.')].join('\n')
  item.contextValue = 'serverFile'
  item.accessibilityInformation = { label: [basename(path), ...words].join(', ') }
  item.command = {
    command: 'opencodeSessions.openChange',
    title: vscode.l10n.t('Open Changes'),
    arguments: [node],
  }
  return item
}

/** Where a file is that does not stand in its folder; nothing at the top. */
function folderWord(path: string, directory: string): string {
  const folder = dirname(shortName(path, directory))
  return folder === '.' ? '' : folder
}

function countWord(counts: PendingFile['counts']): string {
  if (!counts) return vscode.l10n.t('binary')
  const { additions, deletions } = counts
  return [additions > 0 ? `+${additions}` : '', deletions > 0 ? `−${deletions}` : '']
    .filter((word) => word !== '')
    .join(' ')
}

function stateWord(pending: PendingFile, directory: string): string {
  const { file, pending: what } = pending
  const words: string[] = []
  if (what.kind === 'whole' && what.what === 'created') words.push(vscode.l10n.t('new'))
  if (what.kind === 'whole' && what.what === 'deleted') words.push(vscode.l10n.t('deleted'))
  if (file.from !== undefined) words.push(vscode.l10n.t('was {0}', shortName(file.from, directory)))
  if (isOverwritten(pending)) words.push(vscode.l10n.t('changed by you'))
  return words.join(' · ')
}

function isOverwritten({ pending }: PendingFile): boolean {
  if (pending.kind === 'hunks') return pending.hunks.some((hunk) => hunk.isOverwritten)
  return pending.kind === 'whole' && pending.isOverwritten
}
