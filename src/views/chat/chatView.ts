import * as vscode from 'vscode'
import type { StoredValue } from '../../platform/storage.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore, MutableDisposable } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { ChatSession } from './chatSession.ts'
import { placeKeeper, readPlace } from './chats.ts'
import type { Chats, PlacedChat } from './chats.ts'
import type { WaitingCount } from '../waiting.ts'

const viewID = 'opencodeSessions.chat'
const resolveTimeoutMs = 10_000

/** The chat in the side bar. */
export class ChatView implements vscode.WebviewViewProvider, Disposable {
  readonly #chats: Chats
  readonly #waiting: WaitingCount
  readonly #stored: StoredValue
  readonly #store = new DisposableStore()
  readonly #placed = this.#store.add(new MutableDisposable<PlacedChat>())
  readonly #onDidResolve = this.#store.add(new Emitter<ChatSession>())

  constructor(options: {
    readonly chats: Chats
    readonly waiting: WaitingCount
    readonly stored: StoredValue
  }) {
    this.#chats = options.chats
    this.#waiting = options.waiting
    this.#stored = options.stored
    this.#store.add(vscode.window.registerWebviewViewProvider(viewID, this))
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const store = new DisposableStore()
    const visibility = store.add(new Emitter<boolean>())
    store.add(view.onDidChangeVisibility(() => visibility.fire(view.visible)))
    const frame = {
      webview: view.webview,
      place: 'view' as const,
      isVisible: () => view.visible,
      onDidChangeVisibility: visibility.event,
    }
    const placed = this.#chats.create(frame, readPlace(this.#stored.get()), placeKeeper(this.#stored))
    this.#placed.value = placed
    const { chat } = placed
    store.add(
      chat.onDidChange(({ session }) => {
        view.description = session?.session.title ?? ''
      }),
    )
    store.add(visibility.event((isVisible) => isVisible && this.#chats.activate(placed)))
    store.add(this.#waiting.onDidChange((count) => showBadge(view, count)))
    showBadge(view, this.#waiting.count)
    view.onDidDispose(() => {
      store.dispose()
      if (this.#placed.value === placed) this.#placed.value = undefined
    })
    this.#onDidResolve.fire(chat)
  }

  /** Brings the side bar's chat to the front. */
  async reveal(options: { readonly keepFocus?: boolean } = {}): Promise<ChatSession> {
    const resolved = this.#placed.value ? undefined : this.#nextResolve()
    await vscode.commands.executeCommand(`${viewID}.focus`, { preserveFocus: options.keepFocus === true })
    const chat = this.#placed.value?.chat ?? (await resolved)
    if (!chat) throw new Error('The chat view did not open.')
    if (this.#placed.value) this.#chats.activate(this.#placed.value)
    return chat
  }

  dispose(): void {
    this.#store.dispose()
  }

  #nextResolve(): Promise<ChatSession | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(undefined), resolveTimeoutMs)
      const subscription = this.#onDidResolve.event((chat) => done(chat))
      const done = (chat: ChatSession | undefined): void => {
        clearTimeout(timer)
        subscription.dispose()
        resolve(chat)
      }
    })
  }
}

function showBadge(view: vscode.WebviewView, count: number): void {
  const tooltip =
    count === 1
      ? vscode.l10n.t('One request waits for you')
      : vscode.l10n.t('{0} requests wait for you', count)
  view.badge = count === 0 ? undefined : { value: count, tooltip }
}
