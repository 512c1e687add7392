import { OpencodeError } from '../../opencode/errors.ts'
import { toMessageID, toSessionID } from '../../opencode/ids.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import type { Session } from '../../session/model.ts'
import type { HttpAnswer, HttpClient, HttpMethod, HttpRequest } from '../http/httpClient.ts'
import { directoryHeader } from './directory.ts'
import { readSession } from './sessions.ts'

export interface SessionRequest extends Partial<HttpRequest> {
  readonly query?: string
  /** What follows the session id, with place-holders; for the log. */
  readonly template?: string
}

/** How the groups of the 1.x wire reach its routes. */
export class V1Routes {
  readonly #client: HttpClient

  constructor(client: HttpClient) {
    this.#client = client
  }

  send(method: HttpMethod, route: string, options: Partial<HttpRequest> = {}): Promise<HttpAnswer> {
    return this.#client.request({ ...options, method, route })
  }

  /** A route that works in the directory it is given. */
  in(
    directory: string,
    method: HttpMethod,
    route: string,
    options: Partial<HttpRequest> = {},
  ): Promise<HttpAnswer> {
    return this.send(method, route, { ...options, headers: directoryHeader(directory) })
  }

  /** A route below a session, which runs in the session's own directory. */
  ofSession(
    method: HttpMethod,
    sessionID: SessionID,
    route: string,
    options: SessionRequest = {},
  ): Promise<HttpAnswer> {
    const { query = '', template = route, ...rest } = options
    const path = `/session/${toSessionID(sessionID)}${route}${query}`
    return this.send(method, `/session/{id}${template}`, { ...rest, path })
  }

  ofMessage(sessionID: SessionID, messageID: MessageID): Promise<HttpAnswer> {
    return this.ofSession('GET', sessionID, `/message/${toMessageID(messageID)}`, {
      template: '/message/{id}',
    })
  }
}

/** @throws OpencodeError `bad-response` */
export function expectSession(answer: HttpAnswer): Session {
  const session = readSession(answer.body)
  if (session) return session
  throw new OpencodeError('bad-response', 'The OpenCode server answered with something other than a session.')
}
