import type { ClientLog, Connection } from '../../client/connection.ts'
import { toErrorInfo } from '../../opencode/errors.ts'
import type { SessionID } from '../../opencode/ids.ts'
import { Emitter } from '../../util/event.ts'
import { toDisposable } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { DirectoryIndex } from './directoryIndex.ts'
import { isTransient, retryDelay } from '../mirror/transient.ts'
import { Wakeup } from '../wakeup.ts'

export interface IndexKeeperOptions {
  readonly log: ClientLog
  /** An index was fetched anew. */
  readonly onRefreshed: (index: DirectoryIndex) => void
}

interface Kept {
  readonly index: DirectoryIndex
  watchers: number
  /** The latest fetch; resolves when it is done or failed for the first time. */
  firstTry: Promise<void>
}

/** Changes of a list are told at most this often. */
const tellMs = 25

/** The indexes of the directories that somebody watches, and their fetching. */
export class IndexKeeper implements Disposable {
  readonly #options: IndexKeeperOptions
  readonly #kept = new Map<string, Kept>()
  readonly #dirty = new Set<string>()
  readonly #onDidChange = new Emitter<string>()
  readonly onDidChange = this.#onDidChange.event
  readonly #wakeup = new Wakeup()
  #connection: Connection | undefined
  #tellTimer: NodeJS.Timeout | undefined

  constructor(options: IndexKeeperOptions) {
    this.#options = options
  }

  watch(directory: string): Disposable {
    const kept = this.#kept.get(directory) ?? this.#add(directory)
    kept.watchers++
    return toDisposable(() => {
      kept.watchers--
      if (kept.watchers > 0) return
      kept.index.invalidate()
      this.#kept.delete(directory)
    })
  }

  get(directory: string): DirectoryIndex | undefined {
    return this.#kept.get(directory)?.index
  }

  /** The index that lists a session. */
  find(sessionID: SessionID): DirectoryIndex | undefined {
    for (const { index } of this.#kept.values()) if (index.hasSession(sessionID)) return index
    return undefined
  }

  all(): readonly DirectoryIndex[] {
    return [...this.#kept.values()].map((kept) => kept.index)
  }

  /** Resolves when the latest fetch of a directory is through, or failed for the first time. */
  whenFetched(directory: string): Promise<void> {
    return this.#kept.get(directory)?.firstTry ?? Promise.resolve()
  }

  /** The connection whose stream is up, or undefined. Everything watched is fetched anew. */
  setConnection(connection: Connection | undefined): void {
    this.#connection = connection
    this.#wakeup.wake()
    for (const { index } of this.#kept.values()) index.invalidate()
    if (connection) this.refresh(undefined)
  }

  /** Fetches one directory anew, or all. */
  refresh(directory: string | undefined): void {
    for (const kept of this.#kept.values()) {
      if (directory === undefined || kept.index.directory === directory) this.#start(kept)
    }
  }

  /** Tells listeners soon that a directory changed. */
  markChanged(directory: string): void {
    this.#dirty.add(directory)
    this.#tellTimer ??= setTimeout(() => this.#tell(), tellMs).unref()
  }

  dispose(): void {
    this.setConnection(undefined)
    clearTimeout(this.#tellTimer)
    this.#kept.clear()
    this.#onDidChange.dispose()
  }

  #add(directory: string): Kept {
    const kept: Kept = { index: new DirectoryIndex(directory), watchers: 0, firstTry: Promise.resolve() }
    this.#kept.set(directory, kept)
    this.#start(kept)
    return kept
  }

  #start(kept: Kept): void {
    const connection = this.#connection
    if (!connection) return
    kept.firstTry = new Promise((resolve) => {
      void this.#fetch(kept, connection, resolve).finally(resolve)
    })
  }

  async #fetch({ index }: Kept, connection: Connection, onTried: () => void): Promise<void> {
    const isWanted = (): boolean => this.#connection === connection && this.get(index.directory) === index
    for (let attempt = 0; isWanted(); attempt++) {
      try {
        if (await index.refresh(connection)) this.#refreshed(index)
        return
      } catch (error) {
        onTried()
        if (!isWanted()) return
        this.#options.log.warn(
          `sync: the sessions of a folder could not be read (${toErrorInfo(error).code})`,
        )
        if (!isTransient(error)) return
        await this.#wakeup.wait(retryDelay(error, attempt))
      }
    }
  }

  #refreshed(index: DirectoryIndex): void {
    this.#options.onRefreshed(index)
    this.markChanged(index.directory)
  }

  #tell(): void {
    this.#tellTimer = undefined
    const directories = [...this.#dirty]
    this.#dirty.clear()
    for (const directory of directories) this.#onDidChange.fire(directory)
  }
}
