import type { SessionID } from '../../opencode/ids.ts'
import type { SessionAction } from '../../session/actions.ts'
import type { IndexChange } from './directoryIndex.ts'

/** What an action means for the index of its directory; undefined for what only an open session needs. */
export function toIndexChange(sessionID: SessionID, action: SessionAction): IndexChange | undefined {
  switch (action.type) {
    case 'session/put':
      return { kind: 'session', session: action.session }
    case 'status':
      return { kind: 'status', sessionID, status: action.status }
    case 'request/put':
      return { kind: 'request', request: action.request }
    case 'request/removed':
      return { kind: 'request-removed', requestID: action.requestID }
    default:
      return undefined
  }
}

/** Status and requests reach a session through the index alone. */
export function isIndexOnly(action: SessionAction): boolean {
  return action.type === 'status' || action.type === 'request/put' || action.type === 'request/removed'
}
