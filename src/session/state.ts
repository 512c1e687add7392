import type { Message, Request, RunError, RunStatus, Session, Todo } from './model.ts'

/** All that is known of one session; equal to the server's view once the stream has caught up. */
export interface SessionState {
  readonly session: Session
  /** Sorted by (created, id). The newest part of the history; `hasOlder` says whether there is more. */
  readonly messages: readonly Message[]
  readonly hasOlder: boolean
  readonly status: RunStatus
  /** Open requests of this session and of its child sessions, oldest first. */
  readonly requests: readonly Request[]
  readonly todos: readonly Todo[]
  /** Why the last run ended early; cleared by the next one. */
  readonly error: RunError | undefined
}
