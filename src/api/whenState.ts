import type { SessionState } from '../session/state.ts'
import type { SessionStore } from '../sync/sessionHub.ts'
import type { Event } from '../util/event.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import { ApiError } from './apiError.ts'

export interface WaitOptions {
  readonly stop?: AbortSignal
  readonly onDidGoDown?: Event<string>
  /** Rejects with `timeout` then. */
  readonly timeoutMs?: number
}

/** Resolves with the first state that passes; rejects with an ApiError when none can come any more. */
export function whenState(
  store: SessionStore,
  passes: (state: SessionState) => unknown,
  { stop, onDidGoDown, timeoutMs }: WaitOptions,
): Promise<SessionState> {
  const disposables = new DisposableStore()
  return new Promise<SessionState>((resolve, reject) => {
    const look = (): void => {
      const { state, error } = store
      if (error)
        reject(
          new ApiError(error.code === 'not-found' ? 'session-deleted' : 'server-unavailable', error.message),
        )
      else if (state && passes(state)) resolve(state)
    }
    const stopped = (): void => reject(new ApiError('cancelled', 'The execution was cancelled.'))
    const late = (): void => reject(new ApiError('timeout', 'It took too long.'))
    disposables.add(store.onDidChange(look))
    if (onDidGoDown) {
      disposables.add(onDidGoDown((message) => reject(new ApiError('server-unavailable', message))))
    }
    if (timeoutMs !== undefined) {
      const timer = setTimeout(late, timeoutMs)
      disposables.add({ dispose: () => clearTimeout(timer) })
    }
    stop?.addEventListener('abort', stopped, { once: true })
    disposables.add({ dispose: () => stop?.removeEventListener('abort', stopped) })
    if (stop?.aborted === true) stopped()
    else look()
  }).finally(() => disposables.dispose())
}
