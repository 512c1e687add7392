import { createParser } from 'eventsource-parser'
import { OpencodeError } from '../../opencode/errors.ts'
import { isSessionID, toSessionID } from '../../opencode/ids.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { HttpClient } from '../http/httpClient.ts'
import { collect, fields, number, text, word } from '../reading.ts'
import type { SessionEnvironment } from '../sessionEnvironment.ts'
import type { JournalEntry, SessionJournal } from '../sessionJournal.ts'
import type { RunningShell, Shells } from '../shells.ts'
import { unless } from '../unless.ts'
import type { V2Routes } from './routes.ts'

export class V2Shells implements Shells {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async list(directory: string): Promise<readonly RunningShell[]> {
    const found = await this.#routes.at(directory, 'GET', '/api/shell')
    return collect(found, readShell)
  }

  async output(directory: string, id: string): Promise<string> {
    const path = `/api/shell/${encodeURIComponent(id)}/output`
    const found = await this.#routes.at(directory, 'GET', '/api/shell/{id}/output', { path })
    return text(fields(found)['output']) ?? ''
  }

  async stop(directory: string, id: string): Promise<void> {
    const path = `/api/shell/${encodeURIComponent(id)}`
    await unless('not-found', this.#routes.at(directory, 'DELETE', '/api/shell/{id}', { path }))
  }

  async toBackground(sessionID: SessionID): Promise<void> {
    await this.#routes.ofSession('POST', sessionID, '/background')
  }
}

/** One that is over may still be listed for its output. */
function readShell(value: unknown): RunningShell | undefined {
  const wire = fields(value)
  const id = word(wire['id']) ?? word(wire['shellID'])
  const status = word(wire['status'])
  if (id === undefined || (status !== undefined && status !== 'running')) return undefined
  const sessionID = fields(wire['metadata'])['sessionID'] ?? wire['sessionID']
  return { id, command: word(wire['command']), sessionID: isSessionID(sessionID) ? sessionID : undefined }
}

export class V2SessionEnvironment implements SessionEnvironment {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async set(sessionID: SessionID, variables: Readonly<Record<string, string>>): Promise<void> {
    await this.#routes.ofSession('PUT', sessionID, '/environment', { body: { variables } })
  }
}

const journalTimeoutMs = 60_000
const journalLimit = 256 * 1024 * 1024

export class V2SessionJournal implements SessionJournal {
  readonly #client: HttpClient

  constructor(client: HttpClient) {
    this.#client = client
  }

  /** The server ends what it has with a mark of its own; some ends the answer as well, some may not. */
  async read(sessionID: SessionID, signal?: AbortSignal): Promise<readonly JournalEntry[]> {
    const entries: JournalEntry[] = []
    const end = new AbortController()
    const limit = AbortSignal.timeout(journalTimeoutMs)
    const decoder = new TextDecoder()
    let size = 0
    let isComplete = false
    const parser = createParser({
      onEvent: ({ data }) => {
        if (isComplete) return
        const entry = readEntry(data)
        if (entry) entries.push(entry)
        else if (isMark(data)) {
          isComplete = true
          end.abort()
        }
      },
    })
    const request = {
      method: 'GET' as const,
      route: '/api/experimental/session/{id}/log',
      path: `/api/experimental/session/${toSessionID(sessionID)}/log`,
      signal: AbortSignal.any([end.signal, limit, ...(signal ? [signal] : [])]),
    }
    try {
      await this.#client.stream(
        request,
        () => undefined,
        (bytes) => {
          size += bytes.length
          if (size > journalLimit)
            throw new OpencodeError('too-large', 'The log of this session is too large.')
          parser.feed(decoder.decode(bytes, { stream: true }))
        },
      )
    } catch (error) {
      if (limit.aborted) throw new OpencodeError('timeout', 'The log of the session did not come to its end.')
      if (!end.signal.aborted) throw error
    }
    return entries
  }
}

function parse(data: string): Readonly<Record<string, unknown>> {
  try {
    return fields(JSON.parse(data))
  } catch {
    return {}
  }
}

function readEntry(data: string): JournalEntry | undefined {
  const wire = parse(data)
  const seq = number(fields(wire['durable'])['seq'])
  const type = word(wire['type'])
  if (seq === undefined || type === undefined) return undefined
  return { number: seq, type, time: number(wire['created']), data: fields(wire['data']) }
}

/** The name of the mark changed over time; all of them are of the log itself. */
function isMark(data: string): boolean {
  return word(parse(data)['type'])?.startsWith('log.') === true
}
