import type { SessionID } from '../opencode/ids.ts'

/** Environment variables of the commands of a session. */
export interface SessionEnvironment {
  /** Takes the place of all that were set before. No server tells them again. Rejects with an OpencodeError. */
  set(sessionID: SessionID, variables: Readonly<Record<string, string>>): Promise<void>
}
