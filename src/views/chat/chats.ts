import * as vscode from 'vscode'
import { isSessionID } from '../../opencode/ids.ts'
import type { SessionID } from '../../opencode/ids.ts'
import { isRecord } from '../../platform/storage.ts'
import type { StoredValue } from '../../platform/storage.ts'
import type { WebviewCommand } from '../../protocol/methods.ts'
import { isBusy } from '../../session/selectors.ts'
import { setContextKey } from '../../platform/contextKeys.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { cycleAgent } from '../models/catalogPickers.ts'
import { createHandlers } from './chatHandlers.ts'
import { ChatPage } from './chatPage.ts'
import type { PageFrame } from './chatPage.ts'
import { ChatSession } from './chatSession.ts'
import type { ChatPlace } from './chatSession.ts'
import { addContext } from '../composer/contextPicker.ts'
import type { Services } from '../services.ts'

/** A chat that stands somewhere, with the way to bring it to the front. */
export interface PlacedChat extends Disposable {
  readonly chat: ChatSession
  readonly place: PageFrame['place']
}

/** All chats of this window, and which of them commands are about. */
export class Chats implements Disposable {
  readonly #services: Services
  readonly #placed = new Set<PlacedChat>()
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  readonly #onDidChangePlaces = this.#store.add(new Emitter<undefined>())
  /** Fires when a chat came, went or changed, or another one is the active one: at each step of a stream as well. */
  readonly onDidChange = this.#onDidChange.event
  /** Fires when a chat came, went, was shown or hidden, stands elsewhere, or another one is the active one. */
  readonly onDidChangePlaces = this.#onDidChangePlaces.event
  #places = ''
  #active: PlacedChat | undefined

  constructor(services: Services) {
    this.#services = services
    this.#store.add(
      this.onDidChange(() => {
        this.#updateKeys()
        this.#tellPlaces()
      }),
    )
  }

  /** The chat that was used last, if it still stands. */
  get active(): ChatSession | undefined {
    return this.#active?.chat
  }

  /** Whether the active chat is an editor tab. */
  get isPanelActive(): boolean {
    return this.#active?.place === 'panel'
  }

  get isAnyVisible(): boolean {
    return [...this.#placed].some(({ chat }) => chat.isVisible)
  }

  /** The sessions that some chat shows to the user now. */
  get shownSessions(): ReadonlySet<SessionID> {
    const visible = [...this.#placed].filter(({ chat }) => chat.isVisible)
    return new Set(visible.flatMap(({ chat }) => chat.sessionID ?? []))
  }

  /** The sessions that some chat of this window has open, in sight or not. */
  get openSessions(): ReadonlySet<SessionID> {
    return new Set([...this.#placed].flatMap(({ chat }) => chat.sessionID ?? []))
  }

  /** Builds a chat into a webview. `save` is told where it stands whenever that changes. */
  create(frame: PageFrame, place: ChatPlace, save: (place: ChatPlace) => void): PlacedChat {
    const store = new DisposableStore()
    const page = store.add(new ChatPage(frame))
    const chat = store.add(new ChatSession(page, this.#services, place))
    const placed: PlacedChat = {
      chat,
      place: frame.place,
      dispose: () => {
        this.#remove(placed)
        store.dispose()
      },
    }
    const run = (command: WebviewCommand): Promise<void> => {
      this.activate(placed)
      return runCommand(command, { chat, services: this.#services })
    }
    store.add(
      chat.onDidChange(() => {
        save(chat.place)
        this.#onDidChange.fire(undefined)
      }),
    )
    const { extensionUri, log } = this.#services
    page.load(createHandlers({ chat, page, services: this.#services, run }), { extensionUri, log })
    this.#placed.add(placed)
    this.activate(placed)
    return placed
  }

  activate(placed: PlacedChat): void {
    if (this.#active === placed) return
    this.#active = placed
    this.#onDidChange.fire(undefined)
  }

  dispose(): void {
    for (const placed of [...this.#placed]) placed.dispose()
    this.#store.dispose()
  }

  #remove(placed: PlacedChat): void {
    this.#placed.delete(placed)
    if (this.#active === placed) this.#active = [...this.#placed].at(-1)
    this.#onDidChange.fire(undefined)
  }

  #tellPlaces(): void {
    const places = [...this.#placed].map((placed) => {
      const { chat } = placed
      const { sessionID, directory, draftKey, isVisible } = chat
      const title = chat.state.session?.session.title
      return [placed === this.#active, isVisible, chat.backend.id, sessionID, directory, draftKey, title]
    })
    const now = JSON.stringify(places)
    if (now === this.#places) return
    this.#places = now
    this.#onDidChangePlaces.fire(undefined)
  }

  #updateKeys(): void {
    const session = this.active?.state.session
    setContextKey('hasSession', session !== undefined)
    setContextKey('isSharingOff', this.active?.state.isSharingOff === true)
    setContextKey('isShared', session?.session.shareUrl !== undefined)
    setContextKey('isUndone', session?.session.revertedFrom !== undefined)
    setContextKey('isBusy', session !== undefined && isBusy(session))
  }
}

/** Where a chat stood, from storage or from a page's own state. */
export function readPlace(value: unknown): ChatPlace {
  if (!isRecord(value)) return { sessionID: undefined, directory: undefined }
  const { sessionID, directory } = value
  return {
    sessionID: isSessionID(sessionID) ? sessionID : undefined,
    directory: typeof directory === 'string' && directory !== '' ? directory : undefined,
  }
}

/** Keeps the place of the side bar's chat; unchanged places cost nothing. */
export function placeKeeper(stored: StoredValue): (place: ChatPlace) => void {
  let last = JSON.stringify(readPlace(stored.get()))
  return (place) => {
    const next = JSON.stringify(place)
    if (next === last) return
    last = next
    void stored.set(place)
  }
}

interface ForChat {
  readonly chat: ChatSession
  readonly services: Services
}

/** What the page may run that is no command of the palette. */
const builtIn: Partial<Record<WebviewCommand, (context: ForChat) => Thenable<unknown>>> = {
  openFolder: () => vscode.commands.executeCommand('vscode.openFolder'),
  manageTrust: () => vscode.commands.executeCommand('workbench.trust.manage'),
  openSettings: () => vscode.commands.executeCommand('workbench.action.openSettings', 'opencodeSessions.'),
  installOpencode: () => vscode.env.openExternal(vscode.Uri.parse('https://opencode.ai/docs/')),
  installEngine: () => vscode.env.openExternal(vscode.Uri.parse('https://podman.io/docs/installation')),
  cycleAgent: ({ services, chat }) => cycleAgent(services, chat),
  addContext: ({ services, chat }) => addContext(services, chat),
}

async function runCommand(command: WebviewCommand, context: ForChat): Promise<void> {
  await (builtIn[command]?.(context) ?? vscode.commands.executeCommand(`opencodeSessions.${command}`))
}
