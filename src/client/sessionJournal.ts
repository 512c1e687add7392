import type { SessionID } from '../opencode/ids.ts'

/** One thing that happened in a session, as the server wrote it down. */
export interface JournalEntry {
  /** Rises; there are gaps. */
  readonly number: number
  /** In the server's words. */
  readonly type: string
  /** Epoch milliseconds; undefined where the server does not say it. */
  readonly time: number | undefined
  /** JSON of the server, untouched. */
  readonly data: Readonly<Record<string, unknown>>
}

/** What a server keeps of the course of a session: all but what was never stored, e.g. pieces of texts. */
export interface SessionJournal {
  /** In order, from the beginning. Rejects with an OpencodeError. */
  read(sessionID: SessionID, signal?: AbortSignal): Promise<readonly JournalEntry[]>
}
