import type { Catalog } from '../opencode/catalog.ts'
import type { Log } from '../platform/log.ts'
import type { SessionHub } from '../sync/sessionHub.ts'
import { Emitter } from '../util/event.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'

/** Models and agents per directory, fetched once and again when the server says that they changed. */
export class Catalogs implements Disposable {
  readonly #hub: SessionHub
  readonly #log: Log
  readonly #store = new DisposableStore()
  readonly #known = new Map<string, Catalog>()
  readonly #loading = new Map<string, Promise<Catalog | undefined>>()
  readonly #onDidChange = this.#store.add(new Emitter<string>())
  /** Fires with the directory whose catalog is new. */
  readonly onDidChange = this.#onDidChange.event

  constructor(hub: SessionHub, log: Log) {
    this.#hub = hub
    this.#log = log
    this.#store.add(hub.onDidChangeCatalog((directory) => this.#refresh(directory)))
  }

  /** What is known now; the last known one while the server is away. */
  get(directory: string): Catalog | undefined {
    return this.#known.get(directory)
  }

  /** Undefined when there is no connection or it failed; never rejects. One fetch at a time per directory. */
  async load(directory: string): Promise<Catalog | undefined> {
    const running = this.#loading.get(directory)
    if (running) return running
    const next = this.#fetch(directory).finally(() => this.#loading.delete(directory))
    this.#loading.set(directory, next)
    return next
  }

  dispose(): void {
    this.#store.dispose()
  }

  #refresh(directory: string | undefined): void {
    const directories = directory === undefined ? [...this.#known.keys()] : [directory]
    for (const each of directories) if (this.#known.has(each)) void this.load(each)
  }

  async #fetch(directory: string): Promise<Catalog | undefined> {
    const { connection } = this.#hub
    if (!connection) return undefined
    try {
      const catalog = await connection.readCatalog(directory)
      this.#known.set(directory, catalog)
      this.#onDidChange.fire(directory)
      return catalog
    } catch (error) {
      this.#log.warn(`chat: models and agents could not be read: ${String(error)}`)
      return undefined
    }
  }
}
