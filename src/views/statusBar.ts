import * as vscode from 'vscode'
import { lacksOf } from '../opencode/abilities.ts'
import type { ErrorCode } from '../opencode/errors.ts'
import type { ServerStatus } from '../opencode/server.ts'
import { setContextKey } from '../platform/contextKeys.ts'
import { knownFolders } from '../platform/folders.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'
import type { Backend, Backends } from './backend/backends.ts'
import type { Chats } from './chat/chats.ts'
import { explainStatus, placeOf } from './backend/serverWords.ts'
import type { WaitingCount } from './waiting.ts'

/** What a click does about a failure; the chat shows the others with their remedies. */
const remedies: Partial<Record<ErrorCode, string>> = {
  unauthorized: 'opencodeSessions.connectToServer',
  'consent-required': 'opencodeSessions.connectToServer',
  'connection-refused': 'opencodeSessions.selectServer',
  'profile-invalid': 'opencodeSessions.selectServer',
  tls: 'opencodeSessions.selectServer',
  'connection-lost': 'opencodeSessions.doctor',
  'launch-failed': 'opencodeSessions.doctor',
  timeout: 'opencodeSessions.doctor',
  unsupported: 'opencodeSessions.doctor',
}
const linked = ['selectServer', 'restartServer', 'startServer', 'doctor', 'showLog'].map(
  (name) => `opencodeSessions.${name}`,
)

/**
 * The one status bar item, for the server of the chat that was used last: its profile when it is not this
 * machine, a word only when something is not plainly running, and what waits.
 */
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
    this.#store.add(backends.onDidChangeStatus(() => this.#draw()))
    this.#store.add(backends.onDidChange(() => this.#draw()))
    this.#store.add(chats.onDidChangePlaces(() => this.#draw()))
    this.#store.add(waiting.onDidChange(() => this.#draw()))
    this.#draw()
    this.#item.show()
  }

  dispose(): void {
    this.#store.dispose()
  }

  #draw(): void {
    const backend = this.#chats.active?.backend ?? this.#backends.for()
    const { profile } = backend
    const { status } = backend.server
    const count = this.#waiting.count
    setContextKey('serverState', status.kind)
    setContextKey('lacks', lacksOf({ capabilities: backend.server.connection?.capabilities }))
    const name = profile.source === 'builtin' ? 'OpenCode' : `OpenCode: ${profile.name}`
    const words = [wordOf(backend), count > 0 ? `$(bell-dot) ${String(count)}` : '']
    this.#item.text = [iconOf(status), name, ...words].filter((word) => word !== '').join(' ')
    this.#item.tooltip = tooltipOf(backend, count)
    this.#item.accessibilityInformation = { label: `${name}: ${explainStatus(backend)}`, role: 'button' }
    this.#item.backgroundColor = backgroundOf(status, count)
    const remedy = status.kind === 'failed' ? remedies[status.error.code] : undefined
    this.#item.command = remedy ?? 'opencodeSessions.openChat'
  }
}

/** Names and messages come from settings and servers: they are texts, never markdown. */
function tooltipOf(backend: Backend, count: number): vscode.MarkdownString {
  const { profile, server } = backend
  const text = new vscode.MarkdownString('', true)
  text.isTrusted = { enabledCommands: linked }
  text.appendMarkdown('**').appendText(profile.name).appendMarkdown('**')
  const place = profile.problem === undefined ? ` · ${placeOf(profile)}` : ''
  text.appendText(place).appendMarkdown('\n\n')
  text.appendMarkdown(`${healthOf(server.status)} `).appendText(explainStatus(backend))
  const folders = knownFolders().filter(({ directory }) => backend.directories.includes(directory))
  if (knownFolders().length > 1) {
    const names = folders.map(({ name }) => name).join(', ')
    text.appendMarkdown('\n\n$(folder) ').appendText(names)
  }
  if (count > 0)
    text.appendMarkdown('\n\n$(bell-dot) ').appendText(vscode.l10n.t('Waiting for you: {0}', count))
  const isUp = server.status.kind === 'running'
  const links = [
    [vscode.l10n.t('Select server'), 'selectServer'],
    isUp ? [vscode.l10n.t('Restart'), 'restartServer'] : [vscode.l10n.t('Start'), 'startServer'],
    [vscode.l10n.t('Doctor'), 'doctor'],
    [vscode.l10n.t('Show log'), 'showLog'],
  ].map(([label, name]) => `[${label ?? ''}](command:opencodeSessions.${name ?? ''})`)
  return text.appendMarkdown(`\n\n---\n\n${links.join(' &nbsp;·&nbsp; ')}`)
}

function healthOf(status: ServerStatus): string {
  switch (status.kind) {
    case 'running':
      return status.link.kind === 'online' ? '$(pass)' : '$(sync)'
    case 'starting':
    case 'stopping':
      return '$(loading)'
    case 'failed':
      return '$(error)'
    case 'stopped':
      return '$(circle-slash)'
  }
}

function iconOf(status: ServerStatus): string {
  if (status.kind === 'starting' || status.kind === 'stopping') return '$(loading~spin)'
  if (status.kind === 'failed') return '$(error)'
  return status.kind === 'running' && status.link.kind === 'reconnecting'
    ? '$(sync~spin)'
    : '$(comment-discussion)'
}

/** Nothing for a server of our own that plainly runs: only that it is the user's service is worth a word. */
function wordOf({ profile, server: { status } }: Backend): string {
  switch (status.kind) {
    case 'running':
      if (status.link.kind === 'reconnecting') return vscode.l10n.t('reconnecting')
      return profile.kind === 'managed' && status.origin === 'attached' ? vscode.l10n.t('service') : ''
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

function backgroundOf(status: ServerStatus, count: number): vscode.ThemeColor | undefined {
  if (status.kind === 'failed') return new vscode.ThemeColor('statusBarItem.errorBackground')
  return count > 0 ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined
}
