import type { ErrorInfo } from '../opencode/errors.ts'
import type { SessionAction } from '../session/actions.ts'
import type { SessionState } from '../session/state.ts'
import type { Event } from '../util/event.ts'
import type { Disposable } from '../util/lifecycle.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import { Emitter } from '../util/event.ts'
import type { SessionMirror } from './mirror/sessionMirror.ts'

/** One view's hold on a session. Dispose it when the view shows something else. */
export class SessionStore implements Disposable {
  readonly #mirror: SessionMirror
  readonly #loadOlder: () => Promise<void>
  readonly #disposables = new DisposableStore()
  readonly #onDidChange = new Emitter<readonly SessionAction[]>()

  /**
   * The actions that changed the state, in order. An empty list says that `isLoading` or `error`
   * changed. Reducing them from the state before gives the state after.
   */
  readonly onDidChange: Event<readonly SessionAction[]> = this.#onDidChange.event

  constructor(mirror: SessionMirror, loadOlder: () => Promise<void>, release: () => void) {
    this.#mirror = mirror
    this.#loadOlder = loadOlder
    this.#disposables.add({ dispose: release })
    this.#disposables.add(this.#onDidChange)
    this.#disposables.add(mirror.onDidChange((actions) => this.#onDidChange.fire(actions)))
  }

  get state(): SessionState | undefined {
    return this.#mirror.state
  }

  /** True while nothing is known of the session and it is being fetched. */
  get isLoading(): boolean {
    return this.#mirror.isLoading
  }

  /** Why the session cannot be had; `not-found` when it was deleted. */
  get error(): ErrorInfo | undefined {
    return this.#mirror.error
  }

  /** Fetches the next older page, if there is one. Rejects when there is no connection or the server refuses. */
  loadOlder(): Promise<void> {
    return this.#loadOlder()
  }

  dispose(): void {
    this.#disposables.dispose()
  }
}
