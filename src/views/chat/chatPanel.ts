import * as vscode from 'vscode'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { ChatPlace, ChatSession } from './chatSession.ts'
import { readPlace } from './chats.ts'
import type { Chats } from './chats.ts'
import { webviewRoots } from '../webviewHtml.ts'

const viewType = 'opencodeSessions.chatPanel'

/** Chats in editor tabs; VS Code brings them back after a reload with the session they showed. */
export class ChatPanels implements vscode.WebviewPanelSerializer, Disposable {
  readonly #chats: Chats
  readonly #extensionUri: vscode.Uri
  readonly #store = new DisposableStore()
  readonly #open = new Map<vscode.WebviewPanel, ChatSession>()

  constructor(chats: Chats, extensionUri: vscode.Uri) {
    this.#chats = chats
    this.#extensionUri = extensionUri
    this.#store.add(vscode.window.registerWebviewPanelSerializer(viewType, this))
  }

  open(place: ChatPlace): ChatSession {
    const panel = vscode.window.createWebviewPanel(viewType, 'OpenCode', vscode.ViewColumn.Active, {
      enableScripts: true,
      localResourceRoots: [...webviewRoots(this.#extensionUri)],
    })
    return this.#fill(panel, place)
  }

  /** Brings a tab to the front that works in this directory; false when there is none. */
  reveal(directory: string): boolean {
    const [panel] = this.#at(directory)
    panel?.reveal()
    return panel !== undefined
  }

  /** Closes the tabs that work in this directory. */
  close(directory: string): void {
    for (const panel of this.#at(directory)) panel.dispose()
  }

  /** The page keeps its place in its own state, which VS Code hands back here. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    this.#fill(panel, readPlace(state))
    return Promise.resolve()
  }

  dispose(): void {
    this.#store.dispose()
  }

  #at(directory: string): readonly vscode.WebviewPanel[] {
    return [...this.#open].flatMap(([panel, chat]) => (chat.directory === directory ? [panel] : []))
  }

  #fill(panel: vscode.WebviewPanel, place: ChatPlace): ChatSession {
    const store = new DisposableStore()
    const visibility = store.add(new Emitter<boolean>())
    let wasVisible = panel.visible
    const icon = (theme: string): vscode.Uri =>
      vscode.Uri.joinPath(this.#extensionUri, 'media', `chat-${theme}.svg`)
    panel.iconPath = { light: icon('light'), dark: icon('dark') }
    const frame = {
      webview: panel.webview,
      place: 'panel' as const,
      isVisible: () => panel.visible,
      onDidChangeVisibility: visibility.event,
    }
    const placed = store.add(this.#chats.create(frame, place, () => undefined))
    store.add(
      placed.chat.onDidChange(({ session }) => {
        panel.title = session ? session.session.title || vscode.l10n.t('Untitled session') : 'OpenCode'
      }),
    )
    store.add(
      panel.onDidChangeViewState(() => {
        if (panel.active) this.#chats.activate(placed)
        if (panel.visible !== wasVisible) visibility.fire(panel.visible)
        wasVisible = panel.visible
      }),
    )
    this.#open.set(panel, placed.chat)
    panel.onDidDispose(() => {
      this.#open.delete(panel)
      store.dispose()
    })
    return placed.chat
  }
}
