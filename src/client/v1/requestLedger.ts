import type { RequestID, SessionID } from '../../opencode/ids.ts'

/**
 * Remembers which requests wait in which session. The server forgets to withdraw a request whose run was
 * aborted, so when a session goes idle what still waits in it is taken back here.
 */
export class RequestLedger {
  readonly #open = new Map<SessionID, Set<RequestID>>()

  add(sessionID: SessionID, id: RequestID): void {
    const ids = this.#open.get(sessionID)
    if (ids) ids.add(id)
    else this.#open.set(sessionID, new Set([id]))
  }

  remove(sessionID: SessionID, id: RequestID): void {
    this.#open.get(sessionID)?.delete(id)
  }

  /** Gives back what waited, and forgets it. */
  takeAll(sessionID: SessionID): readonly RequestID[] {
    const ids = this.#open.get(sessionID)
    this.#open.delete(sessionID)
    return ids ? [...ids] : []
  }

  clear(): void {
    this.#open.clear()
  }
}
