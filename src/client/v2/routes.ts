import { OpencodeError } from '../../opencode/errors.ts'
import { toMessageID, toSessionID } from '../../opencode/ids.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import type { Session } from '../../session/model.ts'
import type { HttpAnswer, HttpClient, HttpMethod, HttpRequest } from '../http/httpClient.ts'
import { fields, list, word } from '../reading.ts'
import { readSession } from './sessions.ts'

export interface RouteRequest extends Partial<HttpRequest> {
  /** `name=value` pairs, encoded. */
  readonly query?: readonly string[]
  /** What follows the session id, with place-holders; for the log. */
  readonly template?: string
}

/** How the groups of the 2.x wire reach its routes. All answers come in an envelope, which is taken off here. */
export class V2Routes {
  readonly #client: HttpClient

  constructor(client: HttpClient) {
    this.#client = client
  }

  send(method: HttpMethod, route: string, options: RouteRequest = {}): Promise<HttpAnswer> {
    return this.#client.request(toRequest(method, route, options))
  }

  /** What a route that works in a directory answers, to the byte. */
  bytes(directory: string, route: string, options: RouteRequest): Promise<Uint8Array> {
    return this.#client.bytes(toRequest('GET', route, { ...options, query: locationQuery(directory) }))
  }

  /** The data of a route that works in a directory; undefined: where the server was started. */
  async at(
    directory: string | undefined,
    method: HttpMethod,
    route: string,
    options: RouteRequest = {},
  ): Promise<unknown> {
    const query = [...locationQuery(directory), ...(options.query ?? [])]
    return dataOf(await this.send(method, route, { ...options, query }))
  }

  /** The data of a route below a session, which works in the session's own directory. */
  async ofSession(
    method: HttpMethod,
    sessionID: SessionID,
    route: string,
    options: RouteRequest = {},
  ): Promise<unknown> {
    const { template = route, ...rest } = options
    const path = `/api/session/${toSessionID(sessionID)}${route}`
    return dataOf(await this.send(method, `/api/session/{id}${template}`, { ...rest, path }))
  }

  async session(sessionID: SessionID): Promise<Session> {
    return expectSession(await this.ofSession('GET', sessionID, ''))
  }

  /** One message as it is stored. */
  message(sessionID: SessionID, messageID: MessageID): Promise<unknown> {
    const route = `/message/${toMessageID(messageID)}`
    return this.ofSession('GET', sessionID, route, { template: '/message/{id}' })
  }

  /** The sessions that run in this server process. */
  async active(): Promise<readonly string[]> {
    return Object.keys(fields(dataOf(await this.send('GET', '/api/session/active'))))
  }
}

function toRequest(method: HttpMethod, route: string, options: RouteRequest): HttpRequest {
  const { query = [], path = route, template: _, ...rest } = options
  const whole = query.length === 0 ? path : `${path}?${query.join('&')}`
  return { ...rest, method, route, path: whole }
}

/** The value decodes once, as usual: no detour for a "%" as on 1.x. */
function locationQuery(directory: string | undefined): readonly string[] {
  return directory === undefined ? [] : [`location%5Bdirectory%5D=${encodeURIComponent(directory)}`]
}

/** The location that a directory leads to: `{directory, project}`. */
export async function locationOf(
  routes: V2Routes,
  directory: string | undefined,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const { body } = await routes.send('GET', '/api/location', { query: locationQuery(directory), signal })
  const answer = fields(body)
  return fields(answer['location'] ?? answer['data'])
}

function dataOf({ body }: HttpAnswer): unknown {
  return fields(body)['data']
}

/** The cursor of the next page of an answer with fewer entries than asked for is void: the server sends one always. */
export function nextCursor({ body }: HttpAnswer, limit: number): string | undefined {
  const { data, cursor } = fields(body)
  return list(data).length < limit ? undefined : word(fields(cursor)['next'])
}

/** @throws OpencodeError `bad-response` */
export function expectSession(value: unknown): Session {
  const session = readSession(value)
  if (session) return session
  throw new OpencodeError('bad-response', 'The OpenCode server answered with something other than a session.')
}

/** What this wire has no route for. */
export function missing(what: string): OpencodeError {
  return new OpencodeError('unsupported', `OpenCode 2 cannot ${what}.`)
}
