import type { ClientLog, Connection } from '../../client/connection.ts'
import { toErrorInfo } from '../../opencode/errors.ts'
import type { OpenMirror } from './mirrorPool.ts'
import { isTransient, retryDelay } from './transient.ts'
import { Wakeup } from '../wakeup.ts'

export interface MirrorLoaderOptions {
  readonly log: ClientLog
  /** Whether anybody still looks at it. */
  readonly isOpen: (open: OpenMirror) => boolean
  readonly onLoaded: (open: OpenMirror) => void
}

/** Fetches open sessions from the server, as long as it takes and as long as somebody looks at them. */
export class MirrorLoader {
  readonly #options: MirrorLoaderOptions
  readonly #wakeup = new Wakeup()
  #connection: Connection | undefined

  constructor(options: MirrorLoaderOptions) {
    this.#options = options
  }

  /** Undefined while the stream is down: what is fetched then could not be kept current. */
  setConnection(connection: Connection | undefined): void {
    this.#connection = connection
    if (!connection) this.#wakeup.wake()
  }

  /** `isLossy`: something of the stream may have been missed. */
  load(open: OpenMirror, isLossy: boolean): void {
    const connection = this.#connection
    if (connection) open.loading = this.#fetch(open, connection, isLossy)
  }

  /** A snapshot that is on its way would overtake the page, so it comes first. */
  async loadOlder({ mirror, loading }: OpenMirror): Promise<void> {
    await loading
    await mirror.loadOlder(this.#connection)
  }

  async #fetch(open: OpenMirror, connection: Connection, isLossy: boolean): Promise<void> {
    const { mirror } = open
    const { log, isOpen, onLoaded } = this.#options
    const isWanted = (): boolean => this.#connection === connection && isOpen(open)
    for (let attempt = 0; isWanted(); attempt++) {
      try {
        await mirror.load(connection, isLossy)
        if (isWanted()) onLoaded(open)
        return
      } catch (error) {
        if (!isWanted()) return
        log.warn(`sync: a session could not be read (${toErrorInfo(error).code})`)
        if (!isTransient(error)) {
          mirror.fail(error)
          return
        }
        await this.#wakeup.wait(retryDelay(error, attempt))
      }
    }
  }
}
