import type { ClientLog, Connection, ServerEvent } from '../client/connection.ts'
import { OpencodeError, isAbort, toErrorInfo } from '../opencode/errors.ts'
import type { MessageID, SessionID } from '../opencode/ids.ts'
import type { LinkState } from '../opencode/server.ts'
import type { SessionAction } from '../session/actions.ts'
import type { Message, Prompt, Request } from '../session/model.ts'
import { Emitter } from '../util/event.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'
import { Courier } from './sending/courier.ts'
import type { CourierTiming } from './sending/courier.ts'
import type { DirectoryIndex } from './index/directoryIndex.ts'
import { isIndexOnly, toIndexChange } from './index/indexChange.ts'
import { IndexKeeper } from './index/indexKeeper.ts'
import { FamilyRequests } from './mirror/familyRequests.ts'
import { MirrorLoader } from './mirror/mirrorLoader.ts'
import { MirrorPool } from './mirror/mirrorPool.ts'
import type { OpenMirror } from './mirror/mirrorPool.ts'
import { OpenTexts } from './mirror/openTexts.ts'
import type { Outbox, SendOptions } from './sending/outbox.ts'
import { listSessions } from './index/sessionEntries.ts'
import type { SessionEntry } from './index/sessionEntries.ts'
import { SessionMirror } from './mirror/sessionMirror.ts'
import { SessionNews } from './index/sessionNews.ts'
import { SessionStore } from './sessionStore.ts'

export type { SessionEntry } from './index/sessionEntries.ts'
export { SessionStore } from './sessionStore.ts'

export interface SessionHubOptions {
  readonly outbox: Outbox
  readonly log: ClientLog
  readonly now?: () => number
  /** How long after the end of a run its last updates may still come. */
  readonly settleDelayMs?: number
  readonly courierTiming?: CourierTiming
}

const settleDelayMs = 1_500

/**
 * Keeps everything that is on screen equal to the server: session lists, run states and requests of the
 * watched directories, and the open sessions. One stream feeds all; after each gap all of it is fetched
 * again. Prompts go out through it, exactly once each.
 */
export class SessionHub implements Disposable {
  readonly #options: SessionHubOptions
  readonly #disposables = new DisposableStore()
  readonly #onDidChangeLink = this.#disposables.add(new Emitter<LinkState>())
  readonly #onDidChangeCatalog = this.#disposables.add(new Emitter<string | undefined>())
  readonly #onDidChangeWork = this.#disposables.add(new Emitter<string | undefined>())
  readonly #onDidEditFile = this.#disposables.add(
    new Emitter<{ readonly directory: string | undefined; readonly path: string }>(),
  )
  readonly #pool = this.#disposables.add(new MirrorPool())
  /** Of all sessions of the server, watched or not. */
  readonly news = this.#disposables.add(new SessionNews())
  readonly #texts = new OpenTexts()
  readonly #removed = new Set<SessionID>()
  readonly #indexes: IndexKeeper
  readonly #requests: FamilyRequests
  readonly #loader: MirrorLoader
  readonly #courier: Courier
  #connection: Connection | undefined
  #stream: AbortController | undefined
  #wasUp = false
  #downSince: number | undefined

  readonly onDidChangeLink = this.#onDidChangeLink.event
  /** Models, agents or commands of a directory (or of all) may have changed. */
  readonly onDidChangeCatalog = this.#onDidChangeCatalog.event
  /** Running commands, working copies or saved permissions of a directory (or of all) may have changed. */
  readonly onDidChangeWork = this.#onDidChangeWork.event
  readonly onDidEditFile = this.#onDidEditFile.event

  constructor(options: SessionHubOptions) {
    this.#options = options
    const { log, outbox } = options
    this.#indexes = this.#disposables.add(
      new IndexKeeper({ log, onRefreshed: (index) => this.#refreshed(index) }),
    )
    this.#requests = new FamilyRequests({
      indexes: this.#indexes,
      log,
      onLearnt: () => this.#syncMirrors(),
    })
    this.#loader = new MirrorLoader({
      log,
      isOpen: (open) => this.#pool.get(open.mirror.sessionID) === open,
      onLoaded: (open) => this.#loaded(open),
    })
    this.#courier = this.#disposables.add(
      new Courier({
        outbox,
        log,
        onFound: (sessionID, message) => this.#found(sessionID, message),
        ...(options.courierTiming ? { timing: options.courierTiming } : {}),
      }),
    )
    this.#disposables.add(outbox.onDidChange((sessionID) => this.#pool.get(sessionID)?.mirror.syncPending()))
  }

  /** Tells of which directory the sessions, their states or their requests changed. */
  get onDidChangeIndex(): IndexKeeper['onDidChange'] {
    return this.#indexes.onDidChange
  }

  get connection(): Connection | undefined {
    return this.#connection
  }

  /** Streams from this connection from now on; undefined: offline, state stays readable. */
  setConnection(connection: Connection | undefined): void {
    if (connection === this.#connection) return
    this.#stream?.abort()
    this.#stream = undefined
    this.#connection = connection
    this.#wasUp = false
    this.news.reset()
    this.#goDown(undefined)
    if (!connection) return
    this.#stream = new AbortController()
    void this.#listen(connection, this.#stream.signal)
  }

  /** Ref-counted interest in a directory: its session list, states and requests are kept current. */
  watchDirectory(directory: string): Disposable {
    return this.#indexes.watch(directory)
  }

  /** The sessions of a watched directory, roots and children, the latest changed first. */
  sessions(directory: string): readonly SessionEntry[] {
    const index = this.#indexes.get(directory)
    return index ? listSessions(index, this.#requests.all(), this.#requests.lineage) : []
  }

  /** Whether what is said about a directory was fetched since the stream came up. */
  isCurrent(directory: string): boolean {
    return this.#indexes.get(directory)?.isCurrent === true
  }

  /** What waits for the user in a watched directory, in sessions of all kinds. */
  requests(directory: string): readonly Request[] {
    return [...(this.#indexes.get(directory)?.requests ?? [])]
  }

  /** Ref-counted; shows at once what is known and corrects it. */
  open(sessionID: SessionID, directory: string): SessionStore {
    const open = this.#pool.get(sessionID) ?? this.#openMirror(sessionID, directory)
    open.holders++
    return new SessionStore(
      open.mirror,
      () => this.#loader.loadOlder(open),
      () => {
        open.holders--
        if (open.holders === 0) this.#pool.close(open)
      },
    )
  }

  /** Puts a prompt into the outbox: shown at once, delivered when connected, exactly once. */
  send(sessionID: SessionID, prompt: Prompt, options: SendOptions = {}): void {
    const directory = this.#pool.get(sessionID)?.directory ?? this.#indexes.find(sessionID)?.directory ?? ''
    this.#options.outbox.add(sessionID, directory, prompt, options)
    if (this.#removed.has(sessionID)) this.#courier.sessionRemoved(sessionID)
  }

  dispose(): void {
    this.setConnection(undefined)
    this.#disposables.dispose()
  }

  async #listen(connection: Connection, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of connection.events(signal)) {
        if (signal.aborted) return
        this.#handle(event)
      }
    } catch (error) {
      if (!isAbort(error)) this.#options.log.warn(`sync: the event stream ended (${toErrorInfo(error).code})`)
    }
    if (!signal.aborted) this.#goDown(undefined)
  }

  #handle(event: ServerEvent): void {
    switch (event.kind) {
      case 'session':
        return this.#onSession(event.sessionID, event.directory, event.action)
      case 'up':
        return this.#goUp()
      case 'down':
        return this.#goDown(event.retryAt)
      case 'session-removed':
        return this.#onRemoved(event.sessionID)
      case 'reset':
        return this.#onReset(event.directory)
      case 'catalog':
        return this.#onDidChangeCatalog.fire(event.directory)
      case 'work':
        return this.#onDidChangeWork.fire(event.directory)
      case 'file-edited':
        return this.#onDidEditFile.fire({ directory: event.directory, path: event.path })
    }
  }

  /** Whatever happened while the stream was down: all that is in use is fetched again. */
  #goUp(): void {
    this.#downSince = undefined
    this.#indexes.setConnection(this.#connection)
    this.#loader.setConnection(this.#connection)
    for (const open of this.#pool.all()) this.#loader.load(open, true)
    this.#courier.setConnection(this.#connection)
    this.#onDidChangeLink.fire({ kind: 'online' })
    if (this.#wasUp) this.#onDidChangeCatalog.fire(undefined)
    this.#wasUp = true
  }

  #goDown(retryAt: number | undefined): void {
    this.#texts.clear()
    this.#courier.setConnection(undefined)
    this.#indexes.setConnection(undefined)
    this.#loader.setConnection(undefined)
    for (const { mirror } of this.#pool.all()) mirror.interrupt()
    this.#downSince ??= (this.#options.now ?? Date.now)()
    this.#onDidChangeLink.fire({ kind: 'reconnecting', since: this.#downSince, retryAt })
  }

  /** The server dropped what it held; nothing was missed of the stream. */
  #onReset(directory: string | undefined): void {
    this.#indexes.refresh(directory)
    for (const open of this.#pool.all()) {
      if (directory === undefined || open.directory === directory) this.#loader.load(open, false)
    }
    this.news.dropped(directory)
    this.#onDidChangeCatalog.fire(directory)
  }

  #onSession(sessionID: SessionID, directory: string | undefined, action: SessionAction): void {
    this.news.receive(sessionID, directory, action)
    this.#texts.receive(sessionID, action)
    const open = this.#pool.get(sessionID)
    const change = toIndexChange(sessionID, action)
    if (change) {
      const index = this.#indexFor(sessionID, directory, open)
      if (index?.apply(change)) this.#indexChanged(index, action)
    }
    if (open && !isIndexOnly(action)) open.mirror.receive(action)
    if (action.type === 'message/put' && action.message.role === 'user') this.#seen([action.message.id])
    if (action.type === 'error' && action.error) this.#courier.noteError(sessionID, action.error.message)
  }

  #onRemoved(sessionID: SessionID): void {
    this.#removed.add(sessionID)
    this.news.removed(sessionID)
    this.#texts.forget(sessionID)
    const open = this.#pool.get(sessionID)
    const index = this.#indexFor(sessionID, undefined, open)
    index?.apply({ kind: 'session-removed', sessionID })
    this.#requests.lineage.forget(sessionID)
    if (index) this.#indexes.markChanged(index.directory)
    this.#syncMirrors()
    open?.mirror.fail(new OpencodeError('not-found', 'This session was deleted.'))
    this.#pool.forget(sessionID)
    this.#courier.sessionRemoved(sessionID)
  }

  #openMirror(sessionID: SessionID, directory: string): OpenMirror {
    const mirror = this.#pool.takeClosed(sessionID) ?? this.#newMirror(sessionID)
    const open: OpenMirror = {
      mirror,
      watch: this.#indexes.watch(directory),
      directory,
      loading: Promise.resolve(),
      holders: 0,
    }
    this.#pool.add(open)
    mirror.syncIndex()
    mirror.syncPending()
    this.#loader.load(open, true)
    return open
  }

  #newMirror(sessionID: SessionID): SessionMirror {
    const index = (): DirectoryIndex | undefined =>
      this.#indexes.get(this.#pool.get(sessionID)?.directory ?? '')
    return new SessionMirror(sessionID, {
      log: this.#options.log,
      settleDelayMs: this.#options.settleDelayMs ?? settleDelayMs,
      pending: () => this.#options.outbox.entries(sessionID),
      status: () => index()?.status(sessionID) ?? { kind: 'idle' },
      requests: () => this.#requests.of(sessionID),
      openTexts: () => this.#texts.of(sessionID),
      endMissed: () => this.#endMissed(sessionID),
      isIndexCurrent: () => index()?.isCurrent ?? false,
      whenIndexed: () => this.#indexes.whenFetched(this.#pool.get(sessionID)?.directory ?? ''),
      seen: (ids) => this.#seen(ids),
    })
  }

  #endMissed(sessionID: SessionID): void {
    const open = this.#pool.get(sessionID)
    if (open) this.#loader.load(open, true)
  }

  /** The server knows better where the session lives. */
  #loaded(open: OpenMirror): void {
    const session = open.mirror.state?.session
    if (!session) return
    this.#requests.lineage.learn(session)
    if (session.directory !== open.directory && session.directory !== '') {
      const before = open.watch
      open.directory = session.directory
      open.watch = this.#indexes.watch(session.directory)
      before.dispose()
    }
    open.mirror.syncIndex()
  }

  #found(sessionID: SessionID, { blocks, ...head }: Message): void {
    const mirror = this.#pool.get(sessionID)?.mirror
    mirror?.receive({ type: 'message/put', message: head })
    for (const block of blocks) mirror?.receive({ type: 'block/put', messageID: head.id, block })
  }

  #seen(ids: readonly MessageID[]): void {
    for (const id of ids) if (this.#options.outbox.find(id)) this.#courier.seen(id)
  }

  #indexFor(
    sessionID: SessionID,
    directory: string | undefined,
    open?: OpenMirror,
  ): DirectoryIndex | undefined {
    const known = open ? this.#indexes.get(open.directory) : this.#indexes.find(sessionID)
    return known ?? (directory === undefined ? undefined : this.#indexes.get(directory))
  }

  #indexChanged(index: DirectoryIndex, action: SessionAction): void {
    this.#indexes.markChanged(index.directory)
    const isNews = action.type === 'session/put' && this.#requests.lineage.learn(action.session)
    if (isNews || action.type !== 'session/put') this.#syncMirrors()
  }

  #refreshed(index: DirectoryIndex): void {
    for (const session of index.sessions) this.#requests.lineage.learn(session)
    this.news.sync(index.sessions, (id) => index.status(id))
    this.#syncMirrors()
  }

  #syncMirrors(): void {
    const open = this.#pool.all()
    for (const { mirror } of open) mirror.syncIndex()
    if (open.length > 0) this.#requests.askForUnknown(this.#connection)
  }
}
