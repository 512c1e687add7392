import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../../client/connection.ts'
import type { Catalog } from '../../opencode/catalog.ts'
import { toErrorInfo } from '../../opencode/errors.ts'
import type { ErrorInfo } from '../../opencode/errors.ts'
import type { Log } from '../../platform/log.ts'
import type { SessionHub } from '../../sync/sessionHub.ts'
import { isTransient, retryDelay } from '../../sync/mirror/transient.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'

type CatalogHub = Pick<SessionHub, 'connection' | 'onDidChangeCatalog' | 'onDidChangeLink'>

const maxRepeats = 2

/**
 * Models and agents per directory, fetched once and again when the server says that they changed or is
 * another one. A directory whose fetch fails for good has a problem that somebody must solve.
 */
export class Catalogs implements Disposable {
  readonly #hub: CatalogHub
  readonly #log: Pick<Log, 'warn'>
  readonly #store = new DisposableStore()
  readonly #known = new Map<string, Catalog>()
  readonly #problems = new Map<string, ErrorInfo>()
  readonly #inUse = new Set<string>()
  readonly #loading = new Map<string, Promise<Catalog | undefined>>()
  readonly #onDidChange = this.#store.add(new Emitter<string>())
  #lastConnection: Connection | undefined
  /** Fires with the directory whose catalog or problem is new. */
  readonly onDidChange = this.#onDidChange.event

  constructor(hub: CatalogHub, log: Pick<Log, 'warn'>) {
    this.#hub = hub
    this.#log = log
    this.#store.add(hub.onDidChangeCatalog((directory) => this.#refresh(directory)))
    this.#store.add(hub.onDidChangeLink(() => this.#joinConnection()))
  }

  /** What is known now; the last known one while the server is away. */
  get(directory: string): Catalog | undefined {
    return this.#known.get(directory)
  }

  /** Why the server cannot work in a directory; undefined when it can, or when that is not known. */
  problem(directory: string): ErrorInfo | undefined {
    return this.#problems.get(directory)
  }

  /** Undefined when there is no connection or it failed; never rejects. One fetch at a time per directory. */
  async load(directory: string): Promise<Catalog | undefined> {
    this.#inUse.add(directory)
    const running = this.#loading.get(directory)
    if (running) return running
    const next = this.#fetch(directory).finally(() => this.#loading.delete(directory))
    this.#loading.set(directory, next)
    return next
  }

  dispose(): void {
    this.#store.dispose()
  }

  /** What kept one server from working need not keep the next one. */
  #joinConnection(): void {
    const { connection } = this.#hub
    if (connection === this.#lastConnection) return
    this.#lastConnection = connection
    const solved = [...this.#problems.keys()]
    this.#problems.clear()
    for (const directory of solved) this.#onDidChange.fire(directory)
    if (connection) this.#refresh(undefined)
  }

  #refresh(directory: string | undefined): void {
    for (const each of this.#inUse) if (directory === undefined || directory === each) void this.load(each)
  }

  /** What a server fails at may pass; when it fails at it again and again, somebody has to know. */
  async #fetch(directory: string, attempt = 0): Promise<Catalog | undefined> {
    const { connection } = this.#hub
    if (!connection) return undefined
    try {
      const catalog = await connection.readCatalog(directory)
      this.#known.set(directory, catalog)
      this.#problems.delete(directory)
      this.#onDidChange.fire(directory)
      return catalog
    } catch (error) {
      if (this.#hub.connection !== connection) return this.#fetch(directory)
      this.#log.warn(`chat: models and agents could not be read: ${String(error)}`)
      const info = toErrorInfo(error)
      if (info.code === 'server-error' && attempt < maxRepeats) {
        await sleep(retryDelay(error, attempt), undefined, { ref: false })
        return this.#fetch(directory, attempt + 1)
      }
      if (!isTransient(error) || info.code === 'server-error') {
        this.#problems.set(directory, info)
        this.#onDidChange.fire(directory)
      }
      return undefined
    }
  }
}
