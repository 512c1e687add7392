import { OpencodeError } from '../../opencode/errors.ts'
import type { SessionID } from '../../opencode/ids.ts'
import { isRecord } from '../../platform/storage.ts'
import type { StoredValue } from '../../platform/storage.ts'
import type { Session } from '../../session/model.ts'
import { searchText, textSearchLimits } from '../../sync/index/textSearch.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend, Backends } from '../backend/backends.ts'
import { compareRows } from './grouping.ts'
import type { SessionMark, SessionRow } from './grouping.ts'
import type { SessionMarks } from './sessionMarks.ts'
import { SessionPages } from './sessionPages.ts'

export type SessionScope = 'folder' | 'everywhere'

/** What a search found so far; `done` of `total` sessions were read. */
export interface ShelfSearch {
  readonly text: string
  /** The words around a hit; empty where only the title matched. */
  readonly hits: ReadonlyMap<SessionID, string>
  readonly isRunning: boolean
}

export interface SearchProgress {
  readonly signal: AbortSignal
  readonly report: (done: number, total: number) => void
}

/** All sessions that the browser and the picker can show, whatever brought them here. */
export class SessionShelf implements Disposable {
  readonly #backends: Backends
  readonly #marks: SessionMarks
  readonly #stored: StoredValue
  readonly #store = new DisposableStore()
  readonly #pages = this.#store.add(new SessionPages())
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  /** Fires when rows may be others than before. */
  readonly onDidChange = this.#onDidChange.event
  #scope: SessionScope
  #showsArchived: boolean
  #search: ShelfSearch | undefined

  constructor(backends: Backends, marks: SessionMarks, stored: StoredValue) {
    this.#backends = backends
    this.#marks = marks
    this.#stored = stored
    const kept = stored.get()
    this.#scope = isRecord(kept) && kept['scope'] === 'everywhere' ? 'everywhere' : 'folder'
    this.#showsArchived = isRecord(kept) && kept['showsArchived'] === true
    const changed = (): void => this.#onDidChange.fire(undefined)
    this.#store.add(backends.onDidChangeIndex(changed))
    this.#store.add(backends.onDidChange(changed))
    this.#store.add(backends.onDidChangeStatus(changed))
    this.#store.add(marks.onDidChange(changed))
    this.#store.add(this.#pages.onDidChange(changed))
  }

  get scope(): SessionScope {
    return this.#scope
  }

  get showsArchived(): boolean {
    return this.#showsArchived
  }

  get search(): ShelfSearch | undefined {
    return this.#search
  }

  get folders(): readonly string[] {
    return this.#backends.places.map(({ directory }) => directory)
  }

  /** Whether the server has sessions that were not asked for yet. */
  get hasMore(): boolean {
    return this.#lists().some(
      ({ backend, directory }) =>
        backend.hub.connection !== undefined &&
        !this.#pages.isComplete(backend, directory) &&
        this.#isFull(backend, directory),
    )
  }

  async setScope(scope: SessionScope): Promise<void> {
    this.#scope = scope
    await this.#saved()
    if (scope === 'everywhere') await this.loadMore()
  }

  async showArchived(isShown: boolean): Promise<void> {
    this.#showsArchived = isShown
    await this.#saved()
    if (isShown) await this.loadMore()
  }

  /** Reads one more page of each list that has one. */
  async loadMore(): Promise<void> {
    await Promise.all(this.#lists().map(({ backend, directory }) => this.#pages.loadMore(backend, directory)))
  }

  /** Every session of the scope, subagents' ones among them, the latest changed first. */
  rows(): readonly SessionRow[] {
    const folders = new Set(this.folders)
    const isInScope = (session: Session): boolean =>
      this.#search !== undefined || this.#scope === 'everywhere' || folders.has(session.directory)
    const rows = new Map<SessionID, SessionRow>()
    for (const { session, backend } of this.#pages.all)
      if (isInScope(session)) rows.set(session.id, this.#row(session, backend, 0))
    for (const { directory, backend } of this.#backends.places)
      for (const { session, waiting } of backend.hub.sessions(directory))
        rows.set(session.id, this.#row(session, backend, waiting))
    return [...rows.values()].filter((row) => this.#isShown(row)).sort(compareRows)
  }

  /** The server of a session that is listed. */
  backendOf(session: Session): Backend {
    for (const known of this.#pages.all) if (known.session.id === session.id) return known.backend
    return this.#backends.for(session.directory)
  }

  /**
   * Looks in titles (the server does) and then in the text of the newest sessions of the scope. What is found
   * shows at once. An abort keeps what was found so far.
   */
  async find(text: string, progress: SearchProgress): Promise<void> {
    const hits = new Map<SessionID, string>()
    const tell = (isRunning: boolean): void => {
      this.#search = { text, hits: new Map(hits), isRunning }
      this.#onDidChange.fire(undefined)
    }
    tell(true)
    try {
      for (const list of this.#lists()) await this.#findTitles(list, text, hits)
      tell(true)
      await this.#findText(text, { ...progress, hit: (id, snippet) => void hits.set(id, snippet), tell })
    } finally {
      tell(false)
    }
  }

  /** Takes a session in that the server did not tell of. */
  learn(backend: Backend, session: Session): void {
    this.#pages.add(backend, [session])
  }

  clearSearch(): void {
    this.#search = undefined
    this.#onDidChange.fire(undefined)
  }

  /** Titles only, for a list that is typed into. */
  async findByTitle(text: string): Promise<readonly SessionRow[]> {
    const found = await Promise.all(
      this.#lists().map(async ({ backend, directory }) => {
        const at = directory === undefined ? {} : { directory }
        const page = await backend.hub.connection?.library.list({ ...at, search: text, limit: pageLimit })
        return (page?.sessions ?? []).map((session) => this.#row(session, backend, 0))
      }),
    )
    return found.flat()
  }

  dispose(): void {
    this.#store.dispose()
  }

  async #findTitles(
    { backend, directory }: ListName,
    text: string,
    hits: Map<SessionID, string>,
  ): Promise<void> {
    const at = directory === undefined ? {} : { directory }
    const page = await backend.hub.connection?.library.list({ ...at, search: text, limit: pageLimit })
    if (!page)
      throw new OpencodeError('not-running', 'The OpenCode server is not running. Start it and try again.')
    this.#pages.add(backend, page.sessions)
    for (const { id } of page.sessions) hits.set(id, '')
  }

  async #findText(
    text: string,
    options: SearchProgress & {
      readonly hit: (sessionID: SessionID, snippet: string) => void
      readonly tell: (isRunning: boolean) => void
    },
  ): Promise<void> {
    const { signal, report, hit, tell } = options
    const scope = this.#candidates()
    const total = [...scope.values()].reduce((sum, sessions) => sum + sessions.length, 0)
    let done = 0
    for (const [backend, sessions] of scope) {
      const { connection } = backend.hub
      if (!connection) continue
      const onHit = (session: Session, snippet: string): void => {
        hit(session.id, snippet)
        tell(true)
      }
      await searchText({ connection, sessions, text, signal, onHit, onRead: () => report(++done, total) })
    }
  }

  #candidates(): ReadonlyMap<Backend, readonly Session[]> {
    const search = this.#search
    this.#search = undefined
    const rows = this.rows().filter(({ session }) => session.parentID === undefined)
    this.#search = search
    const byBackend = new Map<Backend, Session[]>()
    for (const { session } of rows.slice(0, textSearchLimits.sessions)) {
      const backend = this.backendOf(session)
      byBackend.set(backend, [...(byBackend.get(backend) ?? []), session])
    }
    return byBackend
  }

  #isShown({ session }: SessionRow): boolean {
    if (this.#search) return this.#search.hits.has(session.id)
    return session.archived === undefined || this.#showsArchived
  }

  #row(session: Session, backend: Backend, waiting: number): SessionRow {
    const snippet = this.#search?.hits.get(session.id)
    return {
      session,
      mark: this.#mark(session, backend, waiting),
      isPinned: this.#marks.isPinned(session.id),
      canArchive: backend.hub.connection?.capabilities.archive !== false,
      ...(snippet ? { snippet } : {}),
      children: [],
    }
  }

  #mark({ id }: Session, backend: Backend, waiting: number): SessionMark {
    if (waiting > 0) return 'waiting'
    return backend.hub.news.isRunning(id) ? 'busy' : (this.#marks.unseen(id) ?? 'idle')
  }

  #lists(): readonly ListName[] {
    if (this.#scope === 'folder') return this.#backends.places
    const backends = new Set(this.#backends.places.map(({ backend }) => backend))
    return [...backends].map((backend) => ({ backend, directory: undefined }))
  }

  /** The hub keeps the newest hundred of a folder; only when it has that many can there be more. */
  #isFull(backend: Backend, directory: string | undefined): boolean {
    if (directory === undefined || this.#pages.isStarted(backend, directory)) return true
    return (
      backend.hub.sessions(directory).filter(({ session }) => session.parentID === undefined).length >=
      pageLimit
    )
  }

  async #saved(): Promise<void> {
    this.#onDidChange.fire(undefined)
    await this.#stored.set({ scope: this.#scope, showsArchived: this.#showsArchived })
  }
}

interface ListName {
  readonly backend: Backend
  readonly directory: string | undefined
}

const pageLimit = 100
