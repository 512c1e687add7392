import type * as api from '../../api/index.d.ts'
import type { RunStatus, Session } from '../session/model.ts'
import type { Services } from '../views/services.ts'
import { ApiError, toApiError } from './apiError.ts'
import { checkFolder, checkSessionID, checkTitle, isRecord } from './checkRequest.ts'
import type { Consents } from './consents.ts'
import type { RunPlace } from './runHost.ts'
import { checkPlaceOf, windowFolder } from './folders.ts'
import { openPlace } from './windowHost.ts'

const maxListed = 1_000

/** Sessions for one caller. */
export function createSessions(services: Services, consents: Consents, caller: string): api.Sessions {
  /** Checks the place and the caller, then opens the server; whatever fails is an ApiError. */
  const within = async <T>(options: unknown, work: (place: RunPlace) => Promise<T>): Promise<T> => {
    try {
      const named = checkFolder(isRecord(options) ? options['folder'] : undefined)
      const folder = windowFolder(services, named)
      await consents.check(caller)
      return await work(await openPlace(services, folder))
    } catch (error) {
      throw toApiError(error)
    }
  }
  return {
    create: (options) =>
      within(options, async ({ connection, directory }) => {
        const title = checkTitle(options?.title)
        const session = await connection.createSession(directory, title === undefined ? {} : { title })
        return toInfo(session, undefined)
      }),
    get: (sessionID, options) =>
      within(options, async (place) => {
        const session = await readSession(services, place, sessionID)
        const statuses = await place.connection.readStatus(session.directory)
        return toInfo(session, statuses.get(session.id))
      }),
    list: (options) =>
      within(options, async ({ connection, directory }) => {
        const { limit = 100, search } = checkList(options)
        const [sessions, statuses] = await Promise.all([
          connection.listSessions({
            directory,
            limit,
            roots: true,
            ...(search === undefined ? {} : { search }),
          }),
          connection.readStatus(directory),
        ])
        return sessions.map((session) => toInfo(session, statuses.get(session.id)))
      }),
    delete: (sessionID, options) =>
      within(options, async (place) => {
        const { id } = await readSession(services, place, sessionID)
        await place.connection.abort(id)
        await place.connection.deleteSession(id)
      }),
  }
}

async function readSession(services: Services, { connection }: RunPlace, value: unknown): Promise<Session> {
  const sessionID = checkSessionID(value)
  if (sessionID === undefined) throw new ApiError('unknown-session', 'This is not the id of a session.')
  return checkPlaceOf(services, await connection.getSession(sessionID))
}

function checkList(options: unknown): { readonly limit?: number; readonly search?: string } {
  const { limit, search } = isRecord(options) ? options : {}
  if (limit !== undefined && !(Number.isInteger(limit) && Number(limit) >= 1 && Number(limit) <= maxListed)) {
    throw new ApiError('invalid-request', `"limit" must be a whole number from 1 to ${maxListed}.`)
  }
  if (search !== undefined && typeof search !== 'string') {
    throw new ApiError('invalid-request', '"search" must be a text.')
  }
  return {
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(search === undefined ? {} : { search }),
  }
}

function toInfo(session: Session, status: RunStatus | undefined): api.SessionInfo {
  const { id, title, directory, parentID, created, updated } = session
  return {
    id,
    title,
    folder: directory,
    created,
    updated,
    status: status === undefined ? 'idle' : status.kind === 'retry' ? 'retrying' : status.kind,
    ...(parentID === undefined ? {} : { parentID }),
  }
}
