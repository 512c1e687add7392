import type { SessionID } from '../../opencode/ids.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { SessionMirror } from './sessionMirror.ts'

/** A mirror that somebody looks at. */
export interface OpenMirror {
  readonly mirror: SessionMirror
  /** Keeps status and requests of the session's directory current. */
  watch: Disposable
  directory: string
  /** The fetch on its way; never rejects. */
  loading: Promise<void>
  holders: number
}

/** How many closed sessions stay in memory, so that going back to one shows it at once. */
const keptClosed = 5

/** The open mirrors, and a few closed ones that get no events. */
export class MirrorPool implements Disposable {
  readonly #open = new Map<SessionID, OpenMirror>()
  /** Least recently closed first. */
  readonly #closed = new Map<SessionID, SessionMirror>()

  get(sessionID: SessionID): OpenMirror | undefined {
    return this.#open.get(sessionID)
  }

  all(): readonly OpenMirror[] {
    return [...this.#open.values()]
  }

  /** A mirror that was closed not long ago; it is the caller's now. */
  takeClosed(sessionID: SessionID): SessionMirror | undefined {
    const mirror = this.#closed.get(sessionID)
    this.#closed.delete(sessionID)
    return mirror
  }

  add(open: OpenMirror): void {
    this.#open.set(open.mirror.sessionID, open)
  }

  close({ mirror, watch }: OpenMirror): void {
    this.#open.delete(mirror.sessionID)
    watch.dispose()
    mirror.interrupt()
    if (mirror.state) this.#closed.set(mirror.sessionID, mirror)
    for (const [sessionID, oldest] of this.#closed) {
      if (this.#closed.size <= keptClosed) break
      this.#closed.delete(sessionID)
      oldest.dispose()
    }
  }

  /** The session is gone for good. */
  forget(sessionID: SessionID): void {
    this.takeClosed(sessionID)?.dispose()
  }

  dispose(): void {
    for (const { mirror, watch } of this.#open.values()) {
      watch.dispose()
      mirror.dispose()
    }
    for (const mirror of this.#closed.values()) mirror.dispose()
    this.#open.clear()
    this.#closed.clear()
  }
}
