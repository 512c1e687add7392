import type { ClientLog, Connection } from '../../client/connection.ts'
import { toErrorInfo } from '../../opencode/errors.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { Request } from '../../session/model.ts'
import type { IndexKeeper } from '../index/indexKeeper.ts'
import { Lineage } from '../index/lineage.ts'

export interface FamilyRequestsOptions {
  readonly indexes: IndexKeeper
  readonly log: ClientLog
  /** Another session than before may have the requests of its children now. */
  readonly onLearnt: () => void
}

/** Which requests a session shows: its own, and those of the sessions that its agents started. */
export class FamilyRequests {
  readonly lineage = new Lineage()
  readonly #options: FamilyRequestsOptions
  readonly #asked = new Set<SessionID>()

  constructor(options: FamilyRequestsOptions) {
    this.#options = options
  }

  /** Of all watched directories. */
  all(): readonly Request[] {
    return this.#options.indexes.all().flatMap((index) => [...index.requests])
  }

  of(sessionID: SessionID): readonly Request[] {
    return this.all().filter((request) => this.lineage.chain(request.sessionID).includes(sessionID))
  }

  /** Requests of sessions that nobody told us about: each may be a child of one on screen. */
  askForUnknown(connection: Connection | undefined): void {
    if (!connection) return
    for (const { sessionID } of this.all()) {
      const unknown = this.lineage.firstUnknown(sessionID)
      if (unknown && !this.#asked.has(unknown)) void this.#ask(connection, unknown)
    }
  }

  async #ask(connection: Connection, sessionID: SessionID): Promise<void> {
    this.#asked.add(sessionID)
    const isNews = await connection.getSession(sessionID).then(
      (session) => this.lineage.learn(session),
      (error: unknown) => {
        const { code } = toErrorInfo(error)
        this.#options.log.debug(`sync: a session that asks could not be read (${code})`)
        return false
      },
    )
    this.#asked.delete(sessionID)
    if (isNews) this.#options.onLearnt()
  }
}
