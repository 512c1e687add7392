import type { SessionID } from '../../opencode/ids.ts'
import type { SessionAction } from '../../session/actions.ts'
import type { RunError, RunStatus, Session } from '../../session/model.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'

/** A run that came to its end. `stopped`: somebody aborted it. */
export interface EndedRun {
  readonly sessionID: SessionID
  /** Where the run was, as far as the server said. */
  readonly directory: string | undefined
  readonly outcome: 'finished' | 'failed' | 'stopped'
  readonly error: RunError | undefined
}

/** A run that began, or that was found running. */
export interface StartedRun {
  readonly sessionID: SessionID
  readonly directory: string | undefined
}

interface Run {
  readonly directory: string | undefined
  readonly error: RunError | undefined
}

/**
 * What happens to the sessions of a server, those of folders that nobody watches among them. The end of a run
 * is told once, also when it was missed while the stream was down.
 */
export class SessionNews implements Disposable {
  readonly #store = new DisposableStore()
  readonly #onDidEndRun = this.#store.add(new Emitter<EndedRun>())
  readonly #onDidStartRun = this.#store.add(new Emitter<StartedRun>())
  readonly #onDidChangeSession = this.#store.add(new Emitter<Session>())
  readonly #onDidRemoveSession = this.#store.add(new Emitter<SessionID>())
  readonly #onDidDrop = this.#store.add(new Emitter<string | undefined>())
  readonly #runs = new Map<SessionID, Run>()
  readonly onDidStartRun = this.#onDidStartRun.event
  readonly onDidEndRun = this.#onDidEndRun.event
  readonly onDidChangeSession = this.#onDidChangeSession.event
  readonly onDidRemoveSession = this.#onDidRemoveSession.event
  /** The server dropped what it held in memory of a directory, or of all; what was allowed "always" is gone with it. */
  readonly onDidDrop = this.#onDidDrop.event

  isRunning(sessionID: SessionID): boolean {
    return this.#runs.has(sessionID)
  }

  receive(sessionID: SessionID, directory: string | undefined, action: SessionAction): void {
    if (action.type === 'session/put') this.#onDidChangeSession.fire(action.session)
    if (action.type === 'status') this.#status(sessionID, directory, action.status)
    const run = this.#runs.get(sessionID)
    if (action.type === 'error' && run) this.#runs.set(sessionID, { ...run, error: action.error })
  }

  /** The states of a directory were read anew. */
  sync(sessions: Iterable<Session>, statusOf: (sessionID: SessionID) => RunStatus): void {
    for (const { id, directory } of sessions) {
      const status = statusOf(id)
      if (this.#runs.has(id) !== (status.kind !== 'idle')) this.#status(id, directory, status)
    }
  }

  removed(sessionID: SessionID): void {
    this.#runs.delete(sessionID)
    this.#onDidRemoveSession.fire(sessionID)
  }

  /** See `onDidDrop`. */
  dropped(directory: string | undefined): void {
    this.#onDidDrop.fire(directory)
  }

  /** The server is another one, or gone: its runs are no news any more. */
  reset(): void {
    this.#runs.clear()
  }

  dispose(): void {
    this.#store.dispose()
  }

  /** A run that goes on after an error (a context that was compacted) did not fail. */
  #status(sessionID: SessionID, directory: string | undefined, status: RunStatus): void {
    if (status.kind !== 'idle') {
      const isNew = !this.#runs.has(sessionID)
      this.#runs.set(sessionID, { directory, error: undefined })
      if (isNew) this.#onDidStartRun.fire({ sessionID, directory })
      return
    }
    const run = this.#runs.get(sessionID)
    if (!run || !this.#runs.delete(sessionID)) return
    const { error } = run
    const outcome = !error ? 'finished' : error.kind === 'aborted' ? 'stopped' : 'failed'
    this.#onDidEndRun.fire({ sessionID, directory: run.directory ?? directory, outcome, error })
  }
}
