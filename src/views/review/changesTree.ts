import { basename, dirname, relative, sep } from 'node:path'
import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import { setContextKey } from '../../platform/contextKeys.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backends } from '../backend/backends.ts'
import type { Chats } from '../chat/chats.ts'
import { promptTarget } from '../composer/promptTarget.ts'
import type { Review } from './review.ts'
import { sessionTitle } from './sessionTitle.ts'
import { nestFiles } from './fileNesting.ts'
import type { FileNode } from './fileNesting.ts'
import type { PendingFile } from './reviewState.ts'

/** One node of the view; commands of its menus get it as their argument. */
export type ChangeNode =
  | {
      readonly kind: 'session'
      readonly sessionID: SessionID
      readonly directory: string
      readonly files: readonly PendingFile[]
    }
  | {
      readonly kind: 'folder'
      readonly path: string
      readonly name: string
      readonly children: readonly FileNode[]
    }
  | { readonly kind: 'file'; readonly file: PendingFile }
  | { readonly kind: 'unknown'; readonly sessionID: SessionID; readonly path: string }

interface ChangesTreeParts {
  readonly review: Review
  readonly chats: Chats
  readonly backends: Backends
}

/** The changes of agents that wait for a decision, as a tree of files in the side bar. */
export class ChangesTree implements vscode.TreeDataProvider<ChangeNode>, Disposable {
  readonly #review: Review
  readonly #chats: Chats
  readonly #backends: Backends
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new vscode.EventEmitter<undefined>())
  readonly #view: vscode.TreeView<ChangeNode>
  readonly onDidChangeTreeData = this.#onDidChange.event

  constructor({ review, chats, backends }: ChangesTreeParts) {
    this.#review = review
    this.#chats = chats
    this.#backends = backends
    this.#view = this.#store.add(
      vscode.window.createTreeView<ChangeNode>('opencodeSessions.changes', {
        treeDataProvider: this,
        showCollapseAll: true,
      }),
    )
    this.#store.add(review.onDidChange(() => this.#draw()))
    this.#store.add(chats.onDidChange(() => this.#draw()))
    this.#draw()
  }

  /** The session whose changes are meant when none is named: that of the chat in use, else the latest. */
  get session(): SessionID | undefined {
    const ids = this.#review.state.reviews.map(({ sessionID }) => sessionID)
    const active = this.#chats.active?.sessionID
    return active !== undefined && ids.includes(active) ? active : ids[0]
  }

  getChildren(node?: ChangeNode): ChangeNode[] {
    if (!node) return this.#roots()
    if (node.kind === 'session') return this.#nodesOf(node.sessionID, node.directory, node.files)
    return node.kind === 'folder' ? node.children.map(toNode) : []
  }

  getTreeItem(node: ChangeNode): vscode.TreeItem {
    switch (node.kind) {
      case 'session':
        return this.#sessionItem(node)
      case 'folder':
        return folderItem(node.path, node.name)
      case 'file':
        return fileItem(node.file)
      case 'unknown':
        return unknownItem(node.path)
    }
  }

  dispose(): void {
    this.#store.dispose()
  }

  /** One session needs no heading. */
  #roots(): ChangeNode[] {
    const { state, scope } = this.#review
    const [first, ...others] = state.reviews
    if (!first) return []
    if (others.length === 0)
      return this.#nodesOf(first.sessionID, first.directory, state.files(first.sessionID, scope))
    return state.reviews.map(({ sessionID, directory }) => ({
      kind: 'session',
      sessionID,
      directory,
      files: state.files(sessionID, scope),
    }))
  }

  #nodesOf(sessionID: SessionID, directory: string, files: readonly PendingFile[]): ChangeNode[] {
    const unknown = this.#review.ledger.get(sessionID)?.unknown ?? []
    return [
      ...nestFiles(files, directory).map(toNode),
      ...unknown.map((path): ChangeNode => ({ kind: 'unknown', sessionID, path })),
    ]
  }

  #draw(): void {
    const { state, scope } = this.#review
    const count = state.reviews.reduce(
      (sum, { sessionID }) => sum + state.files(sessionID, 'session').length,
      0,
    )
    const tooltip =
      count === 1
        ? vscode.l10n.t('One changed file waits for your decision')
        : vscode.l10n.t('{0} changed files wait for your decision', count)
    this.#view.badge = count === 0 ? undefined : { value: count, tooltip }
    this.#view.description = scope === 'turn' ? vscode.l10n.t('last turn') : vscode.l10n.t('whole session')
    this.#view.message = this.#message(count)
    setContextKey('hasChanges', state.reviews.length > 0)
    this.#onDidChange.fire(undefined)
  }

  #message(count: number): string | undefined {
    const { active } = this.#chats
    const directory = active?.directory
    const isRunning = active?.backend.server.status.kind === 'running'
    if (
      active &&
      directory !== undefined &&
      isRunning &&
      !promptTarget(active.backend, directory).sees(directory)
    )
      return vscode.l10n.t(
        'The server of this chat keeps its files on another machine. What it changes there cannot be reviewed here.',
      )
    return count > 0 && this.#isEmpty() ? emptyTurn() : undefined
  }

  #isEmpty(): boolean {
    const { state, scope } = this.#review
    return state.reviews.every(
      ({ sessionID, unknown }) => unknown.length === 0 && state.files(sessionID, scope).length === 0,
    )
  }

  #sessionItem(node: ChangeNode & { readonly kind: 'session' }): vscode.TreeItem {
    const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState
    const { sessionID, files } = node
    const state = sessionID === this.session ? Expanded : Collapsed
    const item = new vscode.TreeItem(sessionTitle(this.#backends, node), state)
    item.id = `changes ${sessionID}`
    item.iconPath = new vscode.ThemeIcon('comment-discussion')
    item.description = files.length === 1 ? vscode.l10n.t('1 file') : vscode.l10n.t('{0} files', files.length)
    item.contextValue = 'changedSession'
    return item
  }
}

/** The files that a node stands for. */
export function filesOfNode(node: ChangeNode): readonly PendingFile[] {
  if (node.kind === 'session') return node.files
  if (node.kind === 'file') return [node.file]
  return node.kind === 'folder' ? node.children.flatMap((child) => filesOfNode(toNode(child))) : []
}

/** What VS Code hands to a command from a menu of this view. */
export function isChangeNode(value: unknown): value is ChangeNode {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  return (
    (value.kind === 'session' && 'files' in value) ||
    (value.kind === 'folder' && 'children' in value) ||
    (value.kind === 'file' && 'file' in value) ||
    (value.kind === 'unknown' && 'path' in value)
  )
}

function toNode(node: FileNode): ChangeNode {
  return node.kind === 'file' ? { kind: 'file', file: node.file } : node
}

function folderItem(path: string, name: string): vscode.TreeItem {
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Expanded)
  item.id = `folder ${path}`
  item.resourceUri = vscode.Uri.file(path)
  item.iconPath = vscode.ThemeIcon.Folder
  item.contextValue = 'changedFolder'
  return item
}

function fileItem(pending: PendingFile): vscode.TreeItem {
  const { sessionID, file, directory } = pending
  const item = new vscode.TreeItem(basename(file.path))
  const words = [countWord(pending), stateWord(pending, directory)].filter((word) => word !== '')
  item.id = `file ${sessionID} ${file.path}`
  item.resourceUri = vscode.Uri.file(file.path)
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

function unknownItem(path: string): vscode.TreeItem {
  const item = new vscode.TreeItem(basename(path))
  item.iconPath = new vscode.ThemeIcon('question')
  item.resourceUri = vscode.Uri.file(path)
  item.description = vscode.l10n.t('what changed is not known')
  item.tooltip = vscode.l10n.t(
    '{0} was changed, but neither this extension nor the server remembers what was in it before, so that it cannot be undone here.',
    path,
  )
  item.contextValue = 'unknownChange'
  item.command = {
    command: 'vscode.open',
    title: vscode.l10n.t('Open File'),
    arguments: [vscode.Uri.file(path)],
  }
  return item
}

function countWord({ counts }: PendingFile): string {
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
  if (file.from !== undefined) words.push(vscode.l10n.t('was {0}', shortPath(file.from, directory)))
  if (isOverwritten(pending)) words.push(vscode.l10n.t('changed by you'))
  return words.join(' · ')
}

function isOverwritten({ pending }: PendingFile): boolean {
  if (pending.kind === 'hunks') return pending.hunks.some((hunk) => hunk.isOverwritten)
  return pending.kind === 'whole' && pending.isOverwritten
}

function emptyTurn(): string {
  return vscode.l10n.t('Nothing of the last turn waits for a decision.')
}

function shortPath(path: string, directory: string): string {
  const short = relative(directory, path)
  return short.startsWith(`..${sep}`) ? path : dirname(short) === '.' ? basename(short) : short
}
