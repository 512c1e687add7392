import type { SessionID } from '../opencode/ids.ts'
import type { Session } from '../session/model.ts'

export interface LibraryQuery {
  /** Sessions of this directory; of all that the server knows when left out. */
  readonly directory?: string
  /** Case-insensitive part of the title. */
  readonly search?: string
  /** Opaque, of an earlier page. */
  readonly cursor?: string
  readonly limit: number
  readonly signal?: AbortSignal
}

export interface LibraryPage {
  /** Roots, the latest changed first; archived ones are among them. */
  readonly sessions: readonly Session[]
  /** Undefined on the last page. */
  readonly cursor: string | undefined
}

/** All sessions that a server keeps, whatever their folder. */
export interface SessionLibrary {
  /** Rejects with `unsupported` where the server cannot list beyond a directory. */
  list(query: LibraryQuery): Promise<LibraryPage>
  children(sessionID: SessionID): Promise<readonly Session[]>
  /** Archives a session (`time` in epoch ms) or brings it back (undefined). */
  archive(sessionID: SessionID, time: number | undefined): Promise<Session>
}
