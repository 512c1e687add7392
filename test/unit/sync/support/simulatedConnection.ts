import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, ServerEvent } from '../../../../src/client/connection.ts'
import { OpencodeError } from '../../../../src/opencode/errors.ts'
import type { Prompt } from '../../../../src/session/model.ts'
import type { SessionID } from '../../../../src/opencode/ids.ts'
import { EventFeed } from './eventFeed.ts'
import { openRequests } from './simulatedServer.ts'
import type { SimulatedServer } from './simulatedServer.ts'

type UsedByHub = Pick<
  Connection,
  | 'events'
  | 'getSession'
  | 'listSessions'
  | 'readMessages'
  | 'readRequests'
  | 'readStatus'
  | 'readTodos'
  | 'prompt'
>

/** One client's wire to a simulated server: events come late, calls race them, and everything can break. */
export class SimulatedConnection implements UsedByHub {
  readonly #server: SimulatedServer
  readonly #feed = new EventFeed()
  #unlisten: (() => void) | undefined
  #inFlight: ServerEvent[] = []
  /** Probability that a call fails, half of the time after it took effect. */
  failures = 0
  /** Calls made, by name. */
  readonly calls = new Map<string, number>()

  constructor(server: SimulatedServer) {
    this.#server = server
  }

  events(signal: AbortSignal): AsyncIterable<ServerEvent> {
    signal.addEventListener('abort', () => this.#unlisten?.())
    return this.#feed.read(signal)
  }

  up(): void {
    this.#unlisten?.()
    this.#inFlight = []
    this.#feed.push({ kind: 'up' })
    this.#unlisten = this.#server.listen((event) => {
      this.#inFlight.push(event)
      if (this.#inFlight.length === 1) this.#deliverSoon()
    })
  }

  /** Everything that is on its way is lost. */
  down(): void {
    this.#unlisten?.()
    this.#unlisten = undefined
    this.#inFlight = []
    this.#feed.lose()
    this.#feed.push({ kind: 'down', error: undefined, retryAt: 0 })
  }

  getSession: Connection['getSession'] = (id) =>
    this.#call('getSession', () => this.#server.state(id).session)

  listSessions: Connection['listSessions'] = ({ roots, limit = 100 }) =>
    this.#call('listSessions', () =>
      [...this.#server.sessions.values()]
        .map((state) => state.session)
        .filter((session) => !roots || !session.parentID)
        .sort((left, right) => right.updated - left.updated)
        .slice(0, limit),
    )

  readMessages: Connection['readMessages'] = (id, limit, older) =>
    this.#call('readMessages', () => this.#server.page(id, limit, older))

  readTodos: Connection['readTodos'] = (id) => this.#call('readTodos', () => this.#server.state(id).todos)

  readRequests: Connection['readRequests'] = () =>
    this.#call('readRequests', () => openRequests(this.#server))

  readStatus: Connection['readStatus'] = () =>
    this.#call('readStatus', () => {
      const states = [...this.#server.sessions].map(([id, state]) => [id, state.status] as const)
      return new Map(states.filter(([, status]) => status.kind !== 'idle'))
    })

  prompt = (id: SessionID, prompt: Prompt): Promise<void> =>
    this.#call('prompt', () => {
      this.#server.state(id)
      const take = (): void => {
        if (this.#server.sessions.has(id)) this.#server.prompt(id, prompt)
      }
      // The answer only says that the server means to take it.
      if (this.#server.random.chance(0.5)) take()
      else setTimeout(take, this.#server.random.below(12))
    })

  /** The hub uses no more of a connection than this. */
  asConnection(): Connection {
    return this as unknown as Connection
  }

  async #call<Result>(name: string, run: () => Result): Promise<Result> {
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1)
    await sleep(this.#server.random.below(5))
    const isLost = this.#server.random.chance(this.failures)
    if (isLost && this.#server.random.chance(0.5)) throw lost()
    const result = structuredClone(run())
    await sleep(this.#server.random.below(5))
    if (isLost) throw lost()
    return result
  }

  #deliverSoon(): void {
    const batch = this.#inFlight
    setTimeout(() => {
      if (batch !== this.#inFlight) return
      this.#inFlight = []
      for (const event of batch) this.#feed.push(event)
    }, this.#server.random.below(4))
  }
}

function lost(): OpencodeError {
  return new OpencodeError('connection-lost', 'The connection broke.')
}
