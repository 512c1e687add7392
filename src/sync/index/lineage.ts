import type { SessionID } from '../../opencode/ids.ts'
import type { Session } from '../../session/model.ts'

/** Which session is whose child, as far as it was told. */
export class Lineage {
  readonly #parents = new Map<SessionID, SessionID | undefined>()

  /** Says whether this was news. */
  learn(session: Session): boolean {
    const isNews = !this.#parents.has(session.id) || this.#parents.get(session.id) !== session.parentID
    if (isNews) this.#parents.set(session.id, session.parentID)
    return isNews
  }

  forget(sessionID: SessionID): void {
    this.#parents.delete(sessionID)
  }

  /** The session, its parent, and so on up to the root or to where nothing is known. */
  chain(sessionID: SessionID): readonly SessionID[] {
    const chain: SessionID[] = []
    for (let at: SessionID | undefined = sessionID; at && !chain.includes(at); at = this.#parents.get(at)) {
      chain.push(at)
    }
    return chain
  }

  /** The first session up the chain whose parent is not known. */
  firstUnknown(sessionID: SessionID): SessionID | undefined {
    return this.chain(sessionID).find((id) => !this.#parents.has(id))
  }
}
