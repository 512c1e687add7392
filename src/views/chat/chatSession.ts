import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import type { ErrorInfo } from '../../opencode/errors.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import { workspaceFolders } from '../../platform/folders.ts'
import type { Attachment } from '../../prompt/attachment.ts'
import type { ChatAction, ChatSnapshot, ChatState } from '../../protocol/chat.ts'
import type { Family } from '../../session/family.ts'
import type { WebviewMethods } from '../../protocol/methods.ts'
import { isSame } from '../../session/equal.ts'
import type { PromptDelivery } from '../../session/model.ts'
import type { SessionStore } from '../../sync/sessionHub.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore, MutableDisposable } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend } from '../backend/backends.ts'
import { ChatFeed } from './chatFeed.ts'
import { chatFolder } from './chatFolder.ts'
import type { ChatPage } from './chatPage.ts'
import { ChatSender } from './chatSender.ts'
import { initialState, serverState } from './chatStates.ts'
import { newDraftKey } from '../composer/drafts.ts'
import { FamilyWatch } from './familyWatch.ts'
import { recentSessions, waitingElsewhere } from './recent.ts'
import type { Services } from '../services.ts'

/** Which session a chat shows; remembered over reloads. No session: a new one in that folder. */
export interface ChatPlace {
  readonly sessionID: SessionID | undefined
  readonly directory: string | undefined
}

/**
 * What one chat shows and does, apart from its page: joins the hub's session, the draft and the pickers
 * into one ChatState and feeds it to the page.
 */
export class ChatSession implements Disposable {
  readonly feed: ChatFeed
  readonly #services: Services
  readonly #page: ChatPage
  readonly #store = new DisposableStore()
  readonly #session = this.#store.add(new MutableDisposable<DisposableStore>())
  readonly #watch = this.#store.add(new MutableDisposable<Disposable>())
  readonly #onDidChange = this.#store.add(new Emitter<ChatState>())
  /** Fires when session, title, status or requests may have changed. */
  readonly onDidChange = this.#onDidChange.event
  readonly #ready: Promise<void>
  readonly #sender: ChatSender
  #open: SessionStore | undefined
  #sessionID: SessionID | undefined
  #lastError: ErrorInfo | undefined
  #backend: Backend
  readonly #bound = this.#store.add(new MutableDisposable<DisposableStore>())
  /** The session that was on screen when the chat left a server, for when it comes back. */
  readonly #left = new Map<string, SessionID | undefined>()

  constructor(page: ChatPage, services: Services, place: ChatPlace) {
    this.#page = page
    this.#services = services
    this.#backend = services.backends.for(place.directory)
    const send = (revision: number, actions: Parameters<ChatFeed['apply']>[0][]): void =>
      this.#page.changed(revision, actions)
    this.feed = this.#store.add(
      new ChatFeed(initialState(this.#backend), (revision, actions) => send(revision, [...actions])),
    )
    this.#sender = new ChatSender(this, services, (...created) => this.#created(...created))
    this.#listen()
    this.#ready = this.#start(place)
  }

  get state(): ChatState {
    return this.feed.state
  }

  get sessionID(): SessionID | undefined {
    return this.#sessionID
  }

  /** The server of the folder that this chat works in. */
  get backend(): Backend {
    return this.#backend
  }

  get isVisible(): boolean {
    return this.#page.isVisible
  }

  /** Of the session on screen, else of the folder that a new one would run in. */
  get directory(): string | undefined {
    return this.state.folder?.directory
  }

  get place(): ChatPlace {
    return { sessionID: this.#sessionID, directory: this.directory }
  }

  get draftKey(): string {
    return this.#sessionID ?? newDraftKey(this.directory ?? '')
  }

  /** @throws OpencodeError `no-folder` */
  needDirectory(): string {
    if (this.directory !== undefined) return this.directory
    throw new OpencodeError('no-folder', vscode.l10n.t('Open a folder first: OpenCode works inside one.'))
  }

  /** Resolves when the chat knows its folder and session. */
  async whenReady(): Promise<this> {
    await this.#ready
    return this
  }

  /** Everything the page needs to draw; starts the server on first sight where that is wanted. */
  async snapshot(): Promise<ChatSnapshot> {
    await this.#ready
    if (this.#page.isVisible) this.#backend.access.autoStart()
    return this.feed.snapshot()
  }

  async loadOlder(): Promise<void> {
    await this.#open?.loadOlder()
  }

  /** Shows another session, or a new one (`undefined`) in a folder. */
  async show(place: ChatPlace): Promise<void> {
    await this.#setFolder(place.directory ?? this.directory)
    this.#sessionID = place.sessionID
    this.#session.value = this.#openStore()
    this.#refreshDraft()
    this.#refreshChoice()
    this.#refreshRecent()
    this.#refreshDesk()
    this.#changed()
  }

  focus(): void {
    this.tell('composer/focus', {})
  }

  revealRequest(): void {
    this.tell('request/reveal', {})
  }

  /** Tells the page of this chat something. */
  tell<K extends keyof WebviewMethods & string>(method: K, params: WebviewMethods[K]['params']): void {
    this.#page.tell(method, params)
  }

  setProblem(problem: ErrorInfo | undefined): void {
    this.feed.apply({ type: 'problem', problem })
  }

  /** Sends a prompt to the session on screen, or to a new one; see `ChatSender`. */
  async send(
    text: string,
    attachments: readonly Attachment[],
    delivery?: PromptDelivery,
  ): Promise<MessageID> {
    await this.#ready
    return this.#sender.send(text, attachments, delivery)
  }

  dispose(): void {
    this.#store.dispose()
  }

  async #created(sessionID: SessionID, directory: string, backend: Backend): Promise<void> {
    if (this.#backend === backend) await this.show({ sessionID, directory })
    else this.#left.set(backend.id, sessionID)
  }

  async #start(place: ChatPlace): Promise<void> {
    await this.show(place)
    if (this.directory !== undefined) await this.#loadCatalog()
  }

  #listen(): void {
    const { backends, choices, drafts, composer, desk, review } = this.#services
    const add = (subscription: Disposable): unknown => this.#store.add(subscription)
    this.#bind(this.#backend)
    add(backends.onDidChange(() => void this.#follow()))
    add(choices.onDidChange(() => this.#refreshChoice()))
    add(composer.queue.onDidChange((id) => id === this.#sessionID && this.#refreshDraft()))
    add(drafts.onDidChange((key) => key === this.draftKey && this.#refreshDraft()))
    add(desk.onDidChange(() => this.#refreshDesk()))
    add(review.onDidChange(() => this.#refreshDesk()))
    add(this.#page.onDidChangeVisibility((isVisible) => this.#setVisible(isVisible)))
    add(vscode.workspace.onDidGrantWorkspaceTrust(() => void this.#refreshPlace()))
    add(vscode.workspace.onDidChangeWorkspaceFolders(() => void this.#refreshPlace()))
    this.feed.setVisible(this.#page.isVisible)
  }

  #bind(backend: Backend): void {
    const { server, hub, catalogs } = backend
    const bound = new DisposableStore()
    this.#backend = backend
    this.#bound.value = bound
    this.#refreshServer()
    bound.add(server.onDidChangeStatus(() => this.#refreshServer()))
    bound.add(server.onDidChangeConnection(() => this.#refreshServer()))
    bound.add(hub.onDidChangeIndex((directory) => directory === this.directory && this.#refreshRecent()))
    bound.add(catalogs.onDidChange((directory) => directory === this.directory && this.#refreshChoice()))
  }

  /**
   * Goes over to the server that the folder has now: to the session that was on screen there before, else to a
   * new one. What stands in the composer comes along.
   */
  async #follow(): Promise<void> {
    const next = this.#services.backends.for(this.directory)
    if (next === this.#backend) return
    const { draftKey } = this
    this.#left.set(this.#backend.id, this.#sessionID)
    await this.show({ sessionID: this.#left.get(next.id), directory: this.directory })
    this.#services.drafts.carry(draftKey, this.draftKey)
    if (this.#page.isVisible) next.access.autoStart()
  }

  #setVisible(isVisible: boolean): void {
    this.feed.setVisible(isVisible)
    if (isVisible) this.#backend.access.autoStart()
    this.#changed()
  }

  #openStore(): DisposableStore | undefined {
    const { hub } = this.#backend
    const [sessionID, directory] = [this.#sessionID, this.directory]
    this.#open = undefined
    if (sessionID === undefined || directory === undefined) {
      this.feed.apply({ type: 'open', session: undefined, isLoading: false })
      return undefined
    }
    const disposables = new DisposableStore()
    const store = disposables.add(hub.open(sessionID, directory))
    this.#open = store
    this.feed.apply(openAction(store, sessionID))
    disposables.add(store.onDidChange((actions) => this.#takeOver(store, actions)))
    disposables.add(this.#watchFamily(store, directory))
    return disposables
  }

  #watchFamily(store: SessionStore, directory: string): Disposable {
    const tell = (family: Family): void => this.feed.apply({ type: 'family', family })
    return new FamilyWatch(this.#backend.hub, directory, () => store.state?.session, tell)
  }

  #takeOver(store: SessionStore, actions: Parameters<ChatFeed['applySession']>[1]): void {
    if (store !== this.#open) return
    const before = this.state.session?.session
    if (store.state && actions.length > 0) this.feed.applySession(store.state, actions)
    else this.feed.apply(openAction(store, this.#sessionID))
    if (store.error && store.error !== this.#lastError) this.#failed(store.error)
    this.#lastError = store.error
    if (this.state.session?.session !== before) {
      this.#refreshChoice()
      // What was undone is not in front of the model any more.
      this.#refreshDraft()
    }
    this.#changed()
  }

  /** A session that is gone makes room for a new one. */
  #failed(error: ErrorInfo): void {
    if (error.code === 'aborted') return
    this.setProblem(error)
    if (error.code === 'not-found') void this.show({ sessionID: undefined, directory: this.directory })
  }

  async #setFolder(directory: string | undefined): Promise<void> {
    const folders = await workspaceFolders()
    const folder = chatFolder(folders, directory, this.#services.isolation)
    const obstacle = vscode.workspace.isTrusted ? (folder ? 'none' : 'no-folder') : 'untrusted'
    const last = this.directory
    this.feed.apply({ type: 'place', obstacle, folder, folderCount: folders.length })
    this.#watchFolder(folder?.directory, last)
  }

  #watchFolder(directory: string | undefined, last: string | undefined): void {
    const backend = this.#services.backends.for(directory)
    const isSame = backend === this.#backend
    if (!isSame) this.#bind(backend)
    if (isSame && directory === last && this.#watch.value) return
    this.#watch.value = directory === undefined ? undefined : backend.hub.watchDirectory(directory)
    if (last !== undefined) void this.#loadCatalog()
  }

  async #refreshPlace(): Promise<void> {
    const hadFolder = this.directory !== undefined
    await this.#setFolder(this.directory)
    if (!hadFolder) await this.#start(this.place)
    if (this.#page.isVisible) this.#backend.access.autoStart()
  }

  #refreshServer(): void {
    this.feed.apply({ type: 'server', ...serverState(this.#backend) })
  }

  async #loadCatalog(): Promise<void> {
    if (this.directory !== undefined) await this.#backend.catalogs.load(this.directory)
  }

  #refreshChoice(): void {
    const { choices } = this.#services
    const { catalogs } = this.#backend
    const directory = this.directory
    if (directory === undefined) return
    this.feed.apply({ type: 'folder-problem', problem: catalogs.problem(directory) })
    const catalog = catalogs.get(directory)
    const choice = choices.resolve(catalog, directory, this.state.session?.session)
    this.feed.apply({ type: 'choice', choice, isSharingOff: catalog?.isSharingOff === true })
  }

  #refreshDraft(): void {
    const draft = this.#services.composer.present(this.draftKey, this.state.session)
    this.feed.apply({ type: 'draft', draft })
    this.feed.apply({ type: 'queue', queue: this.#services.composer.queue.state(this.#sessionID) })
  }

  #refreshDesk(): void {
    const { directory, state } = this
    const desk = directory === undefined ? undefined : this.#services.desk.stateOf(directory, this.#sessionID)
    if (!isSame(desk, state.desk)) this.feed.apply({ type: 'desk', desk })
    const review = this.#services.review.openChanges(this.#sessionID)
    if (!isSame(review, state.review)) this.feed.apply({ type: 'review', review })
  }

  #refreshRecent(): void {
    const entries = this.directory === undefined ? [] : this.#backend.hub.sessions(this.directory)
    const recent = recentSessions(entries)
    this.feed.apply({ type: 'recent', recent, waitingElsewhere: waitingElsewhere(entries, this.#sessionID) })
    this.#changed()
  }

  #changed(): void {
    this.#onDidChange.fire(this.state)
  }
}

function openAction(store: SessionStore, sessionID: SessionID | undefined): ChatAction {
  const { state, isLoading, error } = store
  return { type: 'open', session: state, isLoading, ...(state || error ? {} : { awaited: sessionID }) }
}
