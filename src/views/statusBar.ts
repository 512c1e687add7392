import * as vscode from 'vscode'
import type { ServerStatus } from '../opencode/server.ts'
import { setContextKey } from '../platform/contextKeys.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'
import type { Backends } from './backends.ts'
import type { Chats } from './chats.ts'
import type { WaitingCount } from './waiting.ts'

/** The one status bar item, for the server of the chat that was used last: a word only when something is not plainly running, and what waits. */
export class StatusBar implements Disposable {
  readonly #store = new DisposableStore()
  readonly #item = this.#store.add(
    vscode.window.createStatusBarItem('opencodeSessions.status', vscode.StatusBarAlignment.Right, 90),
  )
  readonly #backends: Backends
  readonly #chats: Chats
  readonly #waiting: WaitingCount

  constructor(parts: { readonly backends: Backends; readonly chats: Chats; readonly waiting: WaitingCount }) {
    const { backends, chats, waiting } = parts
    this.#backends = backends
    this.#chats = chats
    this.#waiting = waiting
    this.#item.name = 'OpenCode'
    this.#item.command = 'opencodeSessions.openChat'
    this.#store.add(backends.onDidChangeStatus(() => this.#draw()))
    this.#store.add(backends.onDidChange(() => this.#draw()))
    this.#store.add(chats.onDidChange(() => this.#draw()))
    this.#store.add(waiting.onDidChange(() => this.#draw()))
    this.#draw()
    this.#item.show()
  }

  dispose(): void {
    this.#store.dispose()
  }

  #draw(): void {
    const backend = this.#chats.active?.backend ?? this.#backends.for()
    const { status } = backend.server
    const count = this.#waiting.count
    setContextKey('serverState', status.kind)
    setContextKey('isAttached', status.kind === 'running' && status.origin === 'attached')
    const words = [wordOf(status), count > 0 ? `$(bell-dot) ${String(count)}` : ''].filter(
      (word) => word !== '',
    )
    this.#item.text = [`${iconOf(status)} OpenCode`, ...words].join(' ')
    this.#item.tooltip = [
      explain(status),
      ...(count > 0 ? [vscode.l10n.t('Waiting for you: {0}', count)] : []),
    ].join('\n')
    this.#item.accessibilityInformation = { label: `OpenCode: ${explain(status)}`, role: 'button' }
    this.#item.backgroundColor = backgroundOf(status, count)
  }
}

function iconOf(status: ServerStatus): string {
  if (status.kind === 'starting' || status.kind === 'stopping') return '$(loading~spin)'
  if (status.kind === 'failed') return '$(error)'
  return status.kind === 'running' && status.link.kind === 'reconnecting'
    ? '$(sync~spin)'
    : '$(comment-discussion)'
}

function wordOf(status: ServerStatus): string {
  switch (status.kind) {
    case 'running':
      return status.link.kind === 'reconnecting' ? vscode.l10n.t('reconnecting') : ''
    case 'starting':
      return vscode.l10n.t('starting')
    case 'stopping':
      return vscode.l10n.t('stopping')
    case 'failed':
      return vscode.l10n.t('failed')
    case 'stopped':
      return ''
  }
}

function explain(status: ServerStatus): string {
  switch (status.kind) {
    case 'running':
      if (status.sharing && status.sharing.windows > 1) {
        const { windows } = status.sharing
        return vscode.l10n.t(
          'OpenCode {0} runs on this machine, shared by {1} windows.',
          status.version,
          windows,
        )
      }
      return status.origin === 'managed'
        ? vscode.l10n.t('OpenCode {0} runs on this machine.', status.version)
        : vscode.l10n.t('Connected to OpenCode {0} at {1}.', status.version, status.url)
    case 'starting':
      return vscode.l10n.t('The server is starting.')
    case 'stopping':
      return vscode.l10n.t('The server is stopping.')
    case 'failed':
      return status.error.message
    case 'stopped':
      return vscode.l10n.t('The server is not running.')
  }
}

function backgroundOf(status: ServerStatus, count: number): vscode.ThemeColor | undefined {
  if (status.kind === 'failed') return new vscode.ThemeColor('statusBarItem.errorBackground')
  return count > 0 ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined
}
