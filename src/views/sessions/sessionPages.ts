import type { Connection } from '../../client/connection.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { Session } from '../../session/model.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend } from '../backend/backends.ts'

/** How many sessions one page brings. */
const pageSize = 100

/** A list of one server that is read page by page: of one directory, or of all. */
interface List {
  readonly backend: Backend
  readonly directory: string | undefined
  readonly connection: Connection
  cursor: string | undefined
  isComplete: boolean
}

/**
 * The sessions that were paged in beyond those that the hubs keep current. They follow the server's events; a
 * list starts anew with another connection.
 */
export class SessionPages implements Disposable {
  readonly #lists = new Map<string, List>()
  readonly #sessions = new Map<SessionID, { readonly session: Session; readonly backend: Backend }>()
  readonly #followed = new Map<Backend, Disposable>()
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  readonly onDidChange = this.#onDidChange.event

  get all(): Iterable<{ readonly session: Session; readonly backend: Backend }> {
    return this.#sessions.values()
  }

  /** Whether the server was asked to the end. */
  isComplete(backend: Backend, directory: string | undefined): boolean {
    return this.#lists.get(keyOf(backend, directory))?.isComplete ?? false
  }

  isStarted(backend: Backend, directory: string | undefined): boolean {
    return this.#lists.has(keyOf(backend, directory))
  }

  /** Reads the next page. Does nothing without a connection, or when there is no more. */
  async loadMore(backend: Backend, directory: string | undefined): Promise<void> {
    const list = this.#list(backend, directory)
    if (!list || list.isComplete) return
    const at = directory === undefined ? {} : { directory }
    const cursor = list.cursor === undefined ? {} : { cursor: list.cursor }
    const page = await list.connection.library.list({ ...at, ...cursor, limit: pageSize })
    list.cursor = page.cursor
    list.isComplete = page.cursor === undefined
    this.add(backend, page.sessions)
  }

  /** Takes sessions in that were found otherwise. */
  add(backend: Backend, sessions: readonly Session[]): void {
    this.#follow(backend)
    for (const session of sessions) this.#sessions.set(session.id, { session, backend })
    this.#onDidChange.fire(undefined)
  }

  dispose(): void {
    for (const subscription of this.#followed.values()) subscription.dispose()
    this.#store.dispose()
  }

  #list(backend: Backend, directory: string | undefined): List | undefined {
    const { connection } = backend.hub
    const key = keyOf(backend, directory)
    const known = this.#lists.get(key)
    if (!connection || known?.connection === connection) return known
    const list = { backend, directory, connection, cursor: undefined, isComplete: false }
    this.#lists.set(key, list)
    return list
  }

  #follow(backend: Backend): void {
    if (this.#followed.has(backend)) return
    const store = new DisposableStore()
    const { news } = backend.hub
    store.add(
      news.onDidChangeSession((session) => {
        if (!this.#sessions.has(session.id)) return
        this.#sessions.set(session.id, { session, backend })
        this.#onDidChange.fire(undefined)
      }),
    )
    store.add(
      news.onDidRemoveSession((id) => {
        if (this.#sessions.delete(id)) this.#onDidChange.fire(undefined)
      }),
    )
    this.#followed.set(backend, store)
  }
}

function keyOf(backend: Backend, directory: string | undefined): string {
  return `${backend.id}\n${directory ?? ''}`
}
