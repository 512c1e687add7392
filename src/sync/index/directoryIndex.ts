import type { Connection } from '../../client/connection.ts'
import type { RequestID, SessionID } from '../../opencode/ids.ts'
import { isSame } from '../../session/equal.ts'
import type { Request, RunStatus, Session } from '../../session/model.ts'

/** A change of what the index of a directory holds. */
export type IndexChange =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'session-removed'; readonly sessionID: SessionID }
  | { readonly kind: 'status'; readonly sessionID: SessionID; readonly status: RunStatus }
  | { readonly kind: 'request'; readonly request: Request }
  | { readonly kind: 'request-removed'; readonly requestID: RequestID }

interface Contents {
  readonly sessions: Map<SessionID, Session>
  /** Only sessions that run. */
  readonly statuses: Map<SessionID, RunStatus>
  readonly requests: Map<RequestID, Request>
}

const listedSessions = 100
const idle: RunStatus = { kind: 'idle' }

/**
 * Sessions, run states and open requests of one directory. A refresh fetches all of them and replays the
 * changes that arrived meanwhile; between refreshes every change counts at once.
 */
export class DirectoryIndex {
  readonly directory: string
  #contents: Contents = emptyContents()
  #buffer: IndexChange[] | undefined
  #generation = 0
  #isCurrent = false

  constructor(directory: string) {
    this.directory = directory
  }

  /** Whether it was fetched since the stream last came up. */
  get isCurrent(): boolean {
    return this.#isCurrent
  }

  get sessions(): Iterable<Session> {
    return this.#contents.sessions.values()
  }

  get requests(): Iterable<Request> {
    return this.#contents.requests.values()
  }

  hasSession(sessionID: SessionID): boolean {
    return this.#contents.sessions.has(sessionID)
  }

  hasRequest(requestID: RequestID): boolean {
    return this.#contents.requests.has(requestID)
  }

  status(sessionID: SessionID): RunStatus {
    return this.#contents.statuses.get(sessionID) ?? idle
  }

  /** The stream is down: what is known may be old. */
  invalidate(): void {
    this.#isCurrent = false
    this.#buffer = undefined
    this.#generation++
  }

  /** Takes one change in; says whether anything is different now. */
  apply(change: IndexChange): boolean {
    this.#buffer?.push(change)
    return applyChange(this.#contents, change)
  }

  /** Fetches everything. False when a newer refresh or a drop overtook this one. */
  async refresh(connection: Connection): Promise<boolean> {
    const generation = ++this.#generation
    const buffer: IndexChange[] = []
    this.#buffer = buffer
    const { directory } = this
    const [roots, newest, statuses, requests] = await Promise.all([
      connection.listSessions({ directory, limit: listedSessions, roots: true }),
      connection.listSessions({ directory, limit: listedSessions }),
      connection.readStatus(directory),
      connection.readRequests(directory),
    ])
    if (generation !== this.#generation) return false
    this.#contents = {
      sessions: new Map([...roots, ...newest].map((session) => [session.id, session])),
      statuses: new Map([...statuses].filter(([, status]) => status.kind !== 'idle')),
      requests: new Map(requests.map((request) => [request.id, request])),
    }
    dropLeakedRequests(this.#contents)
    for (const change of buffer) applyChange(this.#contents, change)
    this.#buffer = undefined
    this.#isCurrent = true
    return true
  }
}

function emptyContents(): Contents {
  return { sessions: new Map(), statuses: new Map(), requests: new Map() }
}

/** The server goes on listing the requests of an aborted run; nobody waits for their answer. */
function dropLeakedRequests({ statuses, requests }: Contents): void {
  for (const request of requests.values()) {
    if (!statuses.has(request.sessionID)) requests.delete(request.id)
  }
}

function applyChange(contents: Contents, change: IndexChange): boolean {
  switch (change.kind) {
    case 'session':
      return put(contents.sessions, change.session.id, change.session)
    case 'session-removed':
      return removeSession(contents, change.sessionID)
    case 'status':
      if (change.status.kind === 'idle') return makeIdle(contents, change.sessionID)
      return put(contents.statuses, change.sessionID, change.status)
    case 'request':
      return put(contents.requests, change.request.id, change.request)
    case 'request-removed':
      return contents.requests.delete(change.requestID)
  }
}

function removeSession(contents: Contents, sessionID: SessionID): boolean {
  const wasRunning = makeIdle(contents, sessionID)
  return contents.sessions.delete(sessionID) || wasRunning
}

function makeIdle({ statuses, requests }: Contents, sessionID: SessionID): boolean {
  let isChanged = statuses.delete(sessionID)
  for (const request of requests.values()) {
    if (request.sessionID === sessionID) isChanged = requests.delete(request.id) || isChanged
  }
  return isChanged
}

function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): boolean {
  if (isSame(map.get(key), value)) return false
  map.set(key, value)
  return true
}
