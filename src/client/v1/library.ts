import type { SessionID } from '../../opencode/ids.ts'
import type { Session } from '../../session/model.ts'
import type { LibraryPage, LibraryQuery, SessionLibrary } from '../library.ts'
import { directoryQuery } from './directory.ts'
import { collect } from '../reading.ts'
import { expectSession } from './routes.ts'
import type { V1Routes } from './routes.ts'
import { readSession } from './sessions.ts'

/**
 * The server leaves out what was ever archived, also when it was brought back, unless it is asked for all; so we
 * ask for all. Its cursor is the time of the last change.
 */
export class V1Library implements SessionLibrary {
  readonly #routes: V1Routes

  constructor(routes: V1Routes) {
    this.#routes = routes
  }

  async list({ directory, search, cursor, limit, signal }: LibraryQuery): Promise<LibraryPage> {
    const filters = [`limit=${Math.max(1, Math.trunc(limit))}`, 'roots=true', 'archived=true']
    if (directory !== undefined) filters.push(directoryQuery(directory))
    if (search !== undefined && search.trim() !== '')
      filters.push(`search=${encodeURIComponent(search.trim())}`)
    if (cursor !== undefined) filters.push(`cursor=${encodeURIComponent(cursor)}`)
    const path = `/experimental/session?${filters.join('&')}`
    const answer = await this.#routes.send('GET', '/experimental/session', { path, signal })
    return {
      sessions: collect(answer.body, readSession),
      cursor: answer.header('x-next-cursor') || undefined,
    }
  }

  async children(sessionID: SessionID): Promise<readonly Session[]> {
    return collect((await this.#routes.ofSession('GET', sessionID, '/children')).body, readSession)
  }

  /** The server ignores a missing time, so "not archived any more" is the time zero. */
  async archive(sessionID: SessionID, time: number | undefined): Promise<Session> {
    const body = { time: { archived: time ?? 0 } }
    return expectSession(await this.#routes.ofSession('PATCH', sessionID, '', { body }))
  }
}
