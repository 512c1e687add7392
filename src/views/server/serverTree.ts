import { basename } from 'node:path'
import * as vscode from 'vscode'
import type { ErrorInfo } from '../../opencode/errors.ts'
import { DisposableStore, MutableDisposable } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend, Backends } from '../backend/backends.ts'
import type { Chats } from '../chat/chats.ts'
import { explainStatus } from '../backend/serverWords.ts'
import type { EditorTools } from '../editorTools/editorTools.ts'
import type { AlwaysAnswers } from './alwaysAnswers.ts'
import { sectionsOf } from './serverNodes.ts'
import { edit, row } from './serverRows.ts'
import type { ServerNode } from './serverRows.ts'

const redrawMs = 250

export interface ServerTreeParts {
  readonly backends: Backends
  readonly chats: Chats
  readonly answers: AlwaysAnswers
  readonly editorTools: Pick<EditorTools, 'refusalOf' | 'onDidChange'>
}

/** The view "Server": how the server of the chat used last stands, and what it has in its folder. */
export class ServerTree implements vscode.TreeDataProvider<ServerNode>, Disposable {
  readonly #parts: ServerTreeParts
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new vscode.EventEmitter<undefined>())
  readonly #followed = this.#store.add(new MutableDisposable<DisposableStore>())
  readonly #view: vscode.TreeView<ServerNode>
  readonly onDidChangeTreeData = this.#onDidChange.event
  #backend: Backend | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(parts: ServerTreeParts) {
    this.#parts = parts
    const options = { treeDataProvider: this, showCollapseAll: true }
    this.#view = this.#store.add(vscode.window.createTreeView('opencodeSessions.server', options))
    this.#store.add(this.#view.onDidChangeVisibility(() => this.refresh()))
    this.#store.add(parts.backends.onDidChangeStatus(() => this.refresh()))
    this.#store.add(parts.backends.onDidChange(() => this.refresh()))
    this.#store.add(parts.answers.onDidChange(() => this.refresh()))
    this.#store.add(parts.editorTools.onDidChange(() => this.refresh()))
    this.#store.add(parts.chats.onDidChangePlaces(() => this.#current !== this.#backend && this.refresh()))
  }

  /** Asks the server again, soon; many calls at once cost one question, and none while nobody looks. */
  refresh(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      if (this.#view.visible) this.#onDidChange.fire(undefined)
    }, redrawMs)
  }

  /** The folder whose rows are shown. */
  get directory(): string {
    return this.#directoryOf(this.#current)
  }

  getTreeItem({ item }: ServerNode): vscode.TreeItem {
    return item
  }

  async getChildren(node?: ServerNode): Promise<ServerNode[]> {
    if (node) return [...((await node.children?.()) ?? [])]
    const backend = this.#current
    this.#follow(backend)
    const { connection, status } = backend.server
    if (!connection || status.kind !== 'running') return []
    const directory = this.#directoryOf(backend)
    const answers = this.#parts.answers.of(backend)
    const problem = backend.catalogs.problem(directory)
    const refusal = this.#parts.editorTools.refusalOf(backend)
    return [
      statusRow(backend),
      ...(problem ? [problemRow(problem)] : []),
      ...(refusal === undefined ? [] : [refusalRow(refusal)]),
      ...(await sectionsOf({ connection, directory, answers })),
    ]
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#store.dispose()
  }

  get #current(): Backend {
    return this.#parts.chats.active?.backend ?? this.#parts.backends.for()
  }

  #directoryOf(backend: Backend): string {
    const { active } = this.#parts.chats
    return (active?.backend === backend ? active.directory : undefined) ?? backend.directories[0] ?? '/'
  }

  #follow(backend: Backend): void {
    if (this.#backend === backend) return
    this.#backend = backend
    const followed = new DisposableStore()
    followed.add(backend.hub.onDidChangeCatalog(() => this.refresh()))
    followed.add(backend.hub.onDidChangeWork(() => this.refresh()))
    followed.add(backend.catalogs.onDidChange(() => this.refresh()))
    this.#followed.value = followed
  }
}

/** The MCP server that a command was called for in the view. */
export function mcpServerOf(value: unknown): string | undefined {
  const isNode = typeof value === 'object' && value !== null && 'mcpServer' in value
  return isNode && typeof value.mcpServer === 'string' ? value.mcpServer : undefined
}

function statusRow(backend: Backend): ServerNode {
  const { server, profile } = backend
  const isOnline = server.status.kind === 'running' && server.status.link.kind === 'online'
  return row({
    id: 'status',
    icon: isOnline ? 'pass-filled' : 'sync',
    label: profile.name,
    description: explainStatus(backend),
    command: ['opencodeSessions.doctor'],
    ...(isOnline ? { colour: 'testing.iconPassed' } : {}),
  })
}

function refusalRow(reason: string): ServerNode {
  return row({
    id: 'editorTools',
    icon: 'circle-slash',
    label: vscode.l10n.t('Cannot ask VS Code'),
    description: reason,
    colour: 'problemsWarningIcon.foreground',
    command: ['workbench.action.openSettings', 'opencodeSessions.editorTools.enabled'],
  })
}

function problemRow({ message, place }: ErrorInfo): ServerNode {
  const label = place
    ? vscode.l10n.t('Mistake in {0}, line {1}', basename(place.path), place.line ?? 1)
    : vscode.l10n.t('The server cannot work in this folder')
  return row({
    id: 'problem',
    icon: 'error',
    label,
    description: message,
    colour: 'problemsErrorIcon.foreground',
    tooltip: message,
    command: place ? edit() : ['opencodeSessions.doctor'],
  })
}
