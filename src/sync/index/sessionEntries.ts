import type { SessionID } from '../../opencode/ids.ts'
import type { Request, RunStatus, Session } from '../../session/model.ts'
import type { DirectoryIndex } from './directoryIndex.ts'
import type { Lineage } from './lineage.ts'

/** A line of a session list. */
export interface SessionEntry {
  readonly session: Session
  readonly status: RunStatus
  /** Open requests of the session and of its descendants. */
  readonly waiting: number
}

/** The sessions of an index, the latest changed first. */
export function listSessions(
  index: DirectoryIndex,
  requests: readonly Request[],
  lineage: Lineage,
): readonly SessionEntry[] {
  const waiting = new Map<SessionID, number>()
  for (const request of requests) {
    for (const id of lineage.chain(request.sessionID)) waiting.set(id, (waiting.get(id) ?? 0) + 1)
  }
  return [...index.sessions]
    .sort(compareSessions)
    .map((session) => ({ session, status: index.status(session.id), waiting: waiting.get(session.id) ?? 0 }))
}

function compareSessions(left: Session, right: Session): number {
  return right.updated - left.updated || (left.id < right.id ? -1 : 1)
}
