import type { SessionID } from '../../opencode/ids.ts'
import type { SessionSummary } from '../../protocol/chat.ts'
import type { SessionEntry } from '../../sync/sessionHub.ts'

const shown = 5

/** The newest sessions of a folder, for the empty chat; those of subagents are left out. */
export function recentSessions(entries: readonly SessionEntry[]): readonly SessionSummary[] {
  return entries
    .filter(({ session }) => session.parentID === undefined && session.archived === undefined)
    .slice(0, shown)
    .map((entry) => ({
      id: entry.session.id,
      title: entry.session.title,
      updated: entry.session.updated,
      state: stateOf(entry),
    }))
}

export function stateOf({ status, waiting }: SessionEntry): SessionSummary['state'] {
  if (waiting > 0) return 'waiting'
  return status.kind === 'idle' ? 'idle' : 'busy'
}

/** Open requests outside of a session and its own subagents. */
export function waitingElsewhere(entries: readonly SessionEntry[], sessionID: SessionID | undefined): number {
  return entries
    .filter(({ session }) => session.parentID === undefined && session.id !== sessionID)
    .reduce((sum, { waiting }) => sum + waiting, 0)
}
