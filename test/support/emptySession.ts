import type { Session } from '../../src/session/model.ts'
import type { SessionState } from '../../src/session/state.ts'

/** A session as it is known before anything was said in it. */
export function emptySession(session: Session): SessionState {
  return {
    session,
    messages: [],
    hasOlder: false,
    status: { kind: 'idle' },
    requests: [],
    todos: [],
    error: undefined,
  }
}
