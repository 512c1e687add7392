import { dirname } from 'node:path'
import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import { setContextKey } from '../../platform/contextKeys.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { editorUri } from '../desk/texts.ts'
import type { Backends } from '../backend/backends.ts'
import type { Chats } from '../chat/chats.ts'
import type { Review } from './review.ts'
import { isElsewhere } from './serverReview.ts'
import type { SessionServerChanges } from './serverReview.ts'
import { sessionTitle } from './sessionTitle.ts'
import { toNode } from './changeNode.ts'
import type { ChangeNode } from './changeNode.ts'
import { fileItem, folderItem, serverFileItem, unknownItem } from './changeItems.ts'
import { nestFiles } from './fileNesting.ts'
import type { PendingFile } from './reviewState.ts'

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
    this.#store.add(chats.onDidChangePlaces(() => this.#look()))
    this.#store.add(backends.onDidChangeStatus(() => this.#look()))
    this.#look()
  }

  /** The session whose changes are meant when none is named: that of the chat in use, else the latest. */
  get session(): SessionID | undefined {
    const ids = this.#review.state.reviews.map(({ sessionID }) => sessionID)
    const active = this.#chats.active?.sessionID
    return active !== undefined && ids.includes(active) ? active : ids[0]
  }

  /** What the session of the chat in use changed on another machine; undefined when that is nothing. */
  get serverChanges(): SessionServerChanges | undefined {
    const changes = this.#review.server.of(this.#chats.active?.sessionID)
    return changes && changes.session.length > 0 ? changes : undefined
  }

  getChildren(node?: ChangeNode): ChangeNode[] {
    if (!node) return this.#roots()
    if (node.kind === 'serverSession') return this.#serverNodes(node.changes)
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
        return unknownItem(node)
      case 'serverSession':
        return this.#serverSessionItem(node.changes)
      case 'serverFile':
        return serverFileItem(node)
    }
  }

  dispose(): void {
    this.#store.dispose()
  }

  #roots(): ChangeNode[] {
    const server = this.serverChanges
    const own = this.#ownRoots()
    if (!server) return own
    return own.length === 0 ? this.#serverNodes(server) : [{ kind: 'serverSession', changes: server }, ...own]
  }

  #serverNodes(changes: SessionServerChanges): ChangeNode[] {
    const { directory } = changes
    return changes[this.#review.scope].map((change) => ({ kind: 'serverFile', change, directory }))
  }

  /** One session needs no heading. */
  #ownRoots(): ChangeNode[] {
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
      ...unknown.map((change): ChangeNode => ({ kind: 'unknown', sessionID, directory, change })),
    ]
  }

  #look(): void {
    const { backend, sessionID, directory } = this.#chats.active ?? {}
    if (backend && sessionID !== undefined && directory !== undefined)
      this.#review.server.look(backend, sessionID, directory)
    this.#draw()
  }

  #draw(): void {
    const { state, scope } = this.#review
    const count = state.reviews.reduce(
      (sum, { sessionID, unknown }) => sum + unknown.length + state.files(sessionID, 'session').length,
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
    setContextKey('changedPaths', this.#changedPaths())
    setContextKey('hasServerChanges', this.serverChanges !== undefined)
    this.#onDidChange.fire(undefined)
  }

  #changedPaths(): readonly string[] {
    const { state, scope } = this.#review
    const files = state.reviews.flatMap(({ sessionID }) => state.files(sessionID, scope))
    const paths = new Set(files.flatMap(({ file, directory }) => withFolders(file.path, directory)))
    return [...paths].map((path) => editorUri(path).fsPath)
  }

  #message(count: number): string | undefined {
    const { active } = this.#chats
    const directory = active?.directory
    if (active && directory !== undefined && isElsewhere(active.backend, directory))
      return vscode.l10n.t(
        'The server of this chat keeps its files on another machine. Its changes can be read here; take them back by whole prompts, with "Undo Last Prompt…".',
      )
    return count > 0 && this.#isEmpty() ? emptyTurn() : undefined
  }

  #isEmpty(): boolean {
    const { state, scope } = this.#review
    return state.reviews.every(
      ({ sessionID, unknown }) => unknown.length === 0 && state.files(sessionID, scope).length === 0,
    )
  }

  #serverSessionItem(changes: SessionServerChanges): vscode.TreeItem {
    const { Expanded } = vscode.TreeItemCollapsibleState
    const item = new vscode.TreeItem(sessionTitle(this.#backends, changes), Expanded)
    item.id = `server changes ${changes.sessionID}`
    item.iconPath = new vscode.ThemeIcon('server')
    item.description = vscode.l10n.t('on the server')
    item.contextValue = 'serverSession'
    return item
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

/** A path and the folders above it, up to `top`. */
function withFolders(path: string, top: string): readonly string[] {
  const above = dirname(path)
  return path === top || above === path ? [path] : [path, ...withFolders(above, top)]
}

function emptyTurn(): string {
  return vscode.l10n.t('Nothing of the last turn waits for a decision.')
}
