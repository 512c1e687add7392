import assert from 'node:assert/strict'
import { connect } from '../../src/client/connect.ts'
import type { Connection, ServerEvent } from '../../src/client/connection.ts'
import type { SessionID } from '../../src/opencode/ids.ts'
import { newBlockID, newMessageID } from '../../src/opencode/newIds.ts'
import type { SessionAction } from '../../src/session/actions.ts'
import type { Message, Prompt, PromptPart, Request, Session, ToolBlock } from '../../src/session/model.ts'
import { reduceSession } from '../../src/session/reducer.ts'
import { emptySession } from '../support/emptySession.ts'
import type { SessionState } from '../../src/session/state.ts'
import { startLab } from '../support/opencodeLab.ts'
import type { Lab, LabServer, Wire } from '../support/opencodeLab.ts'

/** A real server with a scripted model, a connection to it and everything its stream said. */
export class Bench {
  readonly lab: Lab
  readonly server: LabServer
  readonly connection: Connection
  readonly events: ServerEvent[] = []
  readonly log: string[] = []
  readonly #abort = new AbortController()
  #following: Promise<void> = Promise.resolve()

  private constructor(lab: Lab, server: LabServer, connection: Connection, log: string[]) {
    this.lab = lab
    this.server = server
    this.connection = connection
    this.log = log
  }

  static async start(wire?: Wire): Promise<Bench> {
    const lab = await startLab(wire === undefined ? {} : { wire })
    const log: string[] = []
    const server = await lab.startServer()
    const bench = new Bench(lab, server, await connectTo(server, log), log)
    bench.#following = bench.#follow()
    await bench.until(() => bench.events.some((event) => event.kind === 'up'))
    return bench
  }

  get directory(): string {
    return this.lab.project
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#following
    await this.connection.close()
    await this.lab.dispose()
  }

  /** A session that is followed: what its messages hold is told of those that were read. */
  async newSession(title = 'Contract'): Promise<Session> {
    const session = await this.connection.createSession(this.directory, { title })
    await this.connection.readMessages(session.id, 1)
    return session
  }

  /** Sends a text and waits until the session is idle again; `onRequest` answers what is asked meanwhile. */
  async turn(
    session: Session,
    text: string,
    onRequest?: (request: Request) => unknown,
  ): Promise<readonly Message[]> {
    const from = this.events.length
    const answered = new Set<string>()
    await this.connection.prompt(session.id, promptOf(text))
    await this.until(() => {
      for (const action of this.actions(session.id, from)) {
        if (action.type !== 'request/put' || answered.has(action.request.id)) continue
        answered.add(action.request.id)
        onRequest?.(action.request)
      }
      return this.isDone(session.id, from)
    })
    return this.settled(session.id)
  }

  isDone(sessionID: SessionID, from: number): boolean {
    const statuses = this.actions(sessionID, from).flatMap((action) =>
      action.type === 'status' ? [action.status.kind] : [],
    )
    return statuses.includes('busy') && statuses.at(-1) === 'idle'
  }

  /** The messages once the last updates, which come after idle, are in. */
  async settled(sessionID: SessionID): Promise<readonly Message[]> {
    await delay(400)
    return (await this.connection.readMessages(sessionID, 100)).messages
  }

  actions(sessionID: SessionID, from = 0): readonly SessionAction[] {
    return this.events
      .slice(from)
      .flatMap((event) => (event.kind === 'session' && event.sessionID === sessionID ? [event.action] : []))
  }

  /** The session as the stream alone tells it. */
  stateOf(session: Session): SessionState {
    return this.actions(session.id).reduce(reduceSession, emptySession(session))
  }

  async until(isTrue: () => boolean, limitMs = 90_000): Promise<void> {
    await waitUntil(isTrue, limitMs)
  }

  async #follow(): Promise<void> {
    for await (const event of this.connection.events(this.#abort.signal)) this.events.push(event)
  }
}

export function connectTo(
  server: LabServer,
  log: string[] = [],
  password = server.password,
): Promise<Connection> {
  const add = (line: string): void => void log.push(line)
  return connect(
    { url: server.url, username: 'opencode', password },
    { log: { debug: add, info: add, warn: add } },
  )
}

export function promptOf(text: string, ...more: readonly PromptPart[]): Prompt {
  const now = Date.now()
  return {
    id: newMessageID(now),
    created: now,
    parts: [{ type: 'text', id: newBlockID(now), text }, ...more],
  }
}

export function toolsIn(messages: readonly Message[]): readonly ToolBlock[] {
  return messages.flatMap((message) => message.blocks).filter((block) => block.type === 'tool')
}

/** What the model wrote. */
export function answerOf(messages: readonly Message[]): string {
  return messages
    .flatMap((message) => (message.role === 'assistant' ? message.blocks : []))
    .flatMap((block) => (block.type === 'text' ? [block.text] : []))
    .join('|')
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export async function waitUntil(isTrue: () => boolean, limitMs = 90_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!isTrue()) {
    assert.ok(performance.now() < end, 'waited too long')
    await delay(20)
  }
}
