import { Refusal } from './wire.ts'
import type { SessionRecord, World } from './world.ts'

const defaultLimit = 50

/** A page of the sessions, the latest changed first. */
export function listSessions(world: World, query: URLSearchParams): unknown {
  const { directory, search, parentID, offset } = filters(query)
  const all = [...world.sessions.values()]
    .map(({ info }) => info)
    .filter((info) => directory === null || info.location.directory === directory)
    .filter((info) => search === null || (info.title ?? '').toLowerCase().includes(search.toLowerCase()))
    .filter((info) => parentID === null || (info.parentID ?? 'null') === parentID)
    .sort((left, right) => right.time.updated - left.time.updated)
  const data = all.slice(offset, offset + limitOf(query, defaultLimit, 1000))
  const next = cursorOf({ directory, search, parentID, offset: offset + data.length })
  return { data, cursor: { next } }
}

/** A page of a session's messages. */
export function listMessages(record: SessionRecord, query: URLSearchParams): unknown {
  const limit = limitOf(query, 100, 200)
  const cursor = query.get('cursor')
  const place =
    cursor === null
      ? { order: query.get('order') ?? 'desc', offset: 0 }
      : readCursor<{ order: string; offset: number }>(cursor)
  const ordered = place.order === 'asc' ? record.messages : [...record.messages].reverse()
  const data = ordered.slice(place.offset, place.offset + limit)
  return { data, cursor: { next: cursorOf({ order: place.order, offset: place.offset + data.length }) } }
}

interface Filters {
  readonly directory: string | null
  readonly search: string | null
  readonly parentID: string | null
  readonly offset: number
}

/** A cursor carries its filters along. */
function filters(query: URLSearchParams): Filters {
  const cursor = query.get('cursor')
  if (cursor !== null) return readCursor<Filters>(cursor)
  return {
    directory: query.get('directory'),
    search: query.get('search'),
    parentID: query.get('parentID'),
    offset: 0,
  }
}

function cursorOf(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function readCursor<Value>(cursor: string): Value {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Value
  } catch {
    throw new Refusal(400, 'InvalidCursorError', 'The cursor is not valid.')
  }
}

function limitOf(query: URLSearchParams, usual: number, most: number): number {
  const limit = Number(query.get('limit') ?? usual)
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit
  throw new Refusal(400, 'InvalidRequestError', `limit: expected 1 to ${most}`, { field: 'limit' })
}
