import { setTimeout as sleep } from 'node:timers/promises'
import type { MessagePage, ServerEvent } from '../../../../src/client/connection.ts'
import { OpencodeError } from '../../../../src/opencode/errors.ts'
import { toBlockID, toMessageID, toRequestID, toSessionID } from '../../../../src/opencode/ids.ts'
import type { MessageID, SessionID } from '../../../../src/opencode/ids.ts'
import type { SessionAction } from '../../../../src/session/actions.ts'
import type { Block, Message, Prompt, Request, RunStatus } from '../../../../src/session/model.ts'
import { reduceSession } from '../../../../src/session/reducer.ts'
import { emptySession } from '../../../support/emptySession.ts'
import type { SessionState } from '../../../../src/session/state.ts'
import { assistant, permission, session, text, tool } from '../../session/support/builders.ts'
import type { Random } from '../../session/support/random.ts'

export const directory = '/project'

/**
 * A server in memory that behaves as the real one does where it matters: messages and blocks are stored
 * by id, appended text is not stored until the block is closed, events are not replayed, an aborted run
 * leaves its request listed, and several prompts that wait get one answer.
 */
export class SimulatedServer {
  readonly random: Random
  readonly sessions = new Map<SessionID, SessionState>()
  readonly requests = new Map<string, Request>()
  /** How often each prompt was taken as a new one. */
  readonly accepted = new Map<MessageID, number>()
  readonly order: MessageID[] = []
  readonly #listeners = new Set<(event: ServerEvent) => void>()
  readonly #running = new Map<SessionID, Promise<void>>()
  #clock = 1_000
  #nextID = 1

  constructor(random: Random) {
    this.random = random
  }

  listen(listener: (event: ServerEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  create(parentID?: SessionID): SessionID {
    const id = toSessionID(`ses_${this.#id()}`)
    const created = session(id, {
      created: ++this.#clock,
      updated: this.#clock,
      ...(parentID ? { parentID } : {}),
    })
    this.sessions.set(id, emptySession(created))
    this.#emit({
      kind: 'session',
      sessionID: id,
      directory,
      action: { type: 'session/put', session: created },
    })
    return id
  }

  delete(id: SessionID): void {
    this.sessions.delete(id)
    for (const request of this.requests.values())
      if (request.sessionID === id) this.requests.delete(request.id)
    this.#emit({ kind: 'session-removed', sessionID: id })
  }

  state(id: SessionID): SessionState {
    const state = this.sessions.get(id)
    if (!state) throw new OpencodeError('not-found', 'There is no such session.')
    return state
  }

  rename(id: SessionID, title: string): void {
    const { session: before } = this.state(id)
    this.change(id, { type: 'session/put', session: { ...before, title, updated: ++this.#clock } })
  }

  page(id: SessionID, limit: number, older: string | undefined): MessagePage {
    const { messages } = this.state(id)
    const end = older === undefined ? messages.length : messages.findIndex((message) => message.id === older)
    const start = Math.max(0, end - limit)
    const cursor = start > 0 ? messages[start]?.id : undefined
    return structuredClone({ messages: messages.slice(start, Math.max(0, end)), older: cursor })
  }

  /** Fills a session with history, without events. */
  fill(id: SessionID, count: number): void {
    for (let index = 0; index < count; index++) {
      const { blocks: _blocks, ...head } = assistant(`msg_${this.#id()}`, ++this.#clock)
      this.#store(id, { type: 'message/put', message: head })
      this.#store(id, {
        type: 'block/put',
        messageID: head.id,
        block: text('prt_0', `old ${index}`, { open: false }),
      })
    }
  }

  /** An upsert; a prompt that is new starts a run or waits for the one that runs. */
  prompt(id: SessionID, prompt: Prompt): void {
    const isNew = !this.state(id).messages.some((message) => message.id === prompt.id)
    if (isNew) {
      this.accepted.set(prompt.id, (this.accepted.get(prompt.id) ?? 0) + 1)
      this.order.push(prompt.id)
      this.change(id, {
        type: 'message/put',
        message: { id: prompt.id, role: 'user', created: ++this.#clock },
      })
    }
    for (const part of prompt.parts) {
      if (part.type !== 'text') continue
      this.change(id, {
        type: 'block/put',
        messageID: prompt.id,
        block: text(part.id, part.text, { open: false }),
      })
    }
    if (isNew && !this.#running.has(id)) this.#start(id)
  }

  /** Waits until nothing runs. */
  async quiet(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values())
  }

  /** Changes what is stored, and tells everybody; now and then twice. */
  change(id: SessionID, action: SessionAction): void {
    if (!this.sessions.has(id)) return
    this.#store(id, action)
    const event: ServerEvent = { kind: 'session', sessionID: id, directory, action: structuredClone(action) }
    this.#emit(event)
    if (action.type !== 'block/append' && this.random.chance(0.1)) this.#emit(event)
  }

  /** Changes a session without a word on any stream. */
  changeUnheard(id: SessionID, action: SessionAction): void {
    this.#store(id, action)
  }

  #store(id: SessionID, action: SessionAction): void {
    if (action.type === 'block/append' || action.type === 'error') return
    this.sessions.set(id, reduceSession(this.state(id), action))
  }

  #emit(event: ServerEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  #start(id: SessionID): void {
    const run = this.#run(id).finally(() => this.#running.delete(id))
    this.#running.set(id, run)
  }

  async #run(id: SessionID): Promise<void> {
    for (let last = ''; this.#lastPrompt(id) !== last;) {
      last = this.#lastPrompt(id)
      this.#status(id, { kind: 'busy' })
      const steps = 1 + this.random.below(3)
      for (let step = 0; step < steps; step++) {
        if (this.random.chance(0.12)) return this.#abort(id)
        await this.#step(id, last)
      }
    }
    this.#status(id, { kind: 'idle' })
    this.rename(id, `title ${this.#clock}`)
  }

  async #step(id: SessionID, promptID: string): Promise<void> {
    if (!this.sessions.has(id)) return
    const { blocks: _blocks, ...head } = assistant(`msg_${this.#id()}`, ++this.#clock, {
      promptID: toMessageID(promptID),
    })
    this.change(id, { type: 'message/put', message: head })
    await this.#stream(id, head.id)
    if (this.random.chance(0.5)) await this.#callTool(id, head.id)
    await this.#pause()
    this.change(id, { type: 'message/put', message: { ...head, completed: ++this.#clock, finish: 'stop' } })
    this.#status(id, { kind: 'busy' })
  }

  async #stream(id: SessionID, messageID: MessageID): Promise<void> {
    const block = text(`prt_${this.#id()}`, '')
    this.change(id, { type: 'block/put', messageID, block })
    let full = ''
    for (let count = this.random.below(12); count > 0; count--) {
      const piece = `word${this.random.below(10)} `
      full += piece
      this.change(id, { type: 'block/append', messageID, blockID: block.id, text: piece })
      if (this.random.chance(0.4)) await this.#pause()
    }
    this.change(id, { type: 'block/put', messageID, block: { ...block, text: full, open: false } })
  }

  async #callTool(id: SessionID, messageID: MessageID): Promise<void> {
    const block = tool(`prt_${this.#id()}`, { status: 'pending' })
    const put = (changes: Partial<typeof block>): void =>
      this.change(id, { type: 'block/put', messageID, block: { ...block, ...changes } })
    put({})
    await this.#pause()
    put({ status: 'running', started: 1 })
    if (this.random.chance(0.6)) await this.#ask(id, block)
    if (this.random.chance(0.2)) await this.#runChild(id)
    put({ status: 'completed', started: 1, ended: 2, output: 'done' })
  }

  async #ask(id: SessionID, block: Block): Promise<void> {
    const callID = block.type === 'tool' ? block.callID : ''
    const request = permission(`per_${this.#id()}`, { sessionID: id, directory, callID })
    this.requests.set(request.id, request)
    this.#emit({ kind: 'session', sessionID: id, directory, action: { type: 'request/put', request } })
    await this.#pause()
    if (!this.requests.delete(request.id)) return
    const action: SessionAction = { type: 'request/removed', requestID: request.id }
    this.#emit({ kind: 'session', sessionID: id, directory, action })
  }

  async #runChild(parentID: SessionID): Promise<void> {
    const child = this.create(parentID)
    this.#status(child, { kind: 'busy' })
    await this.#ask(child, tool(`prt_${this.#id()}`))
    this.#status(child, { kind: 'idle' })
  }

  /** The order of the real one: the error and idle come first, the last updates after, then idle again. */
  async #abort(id: SessionID): Promise<void> {
    const messageID = toMessageID(`msg_${this.#id()}`)
    const { blocks: _blocks, ...head } = assistant(messageID, ++this.#clock)
    const call = tool(`prt_${this.#id()}`)
    this.change(id, { type: 'message/put', message: head })
    this.change(id, { type: 'block/put', messageID, block: call })
    const leaked = permission(`per_${this.#id()}`, { sessionID: id, directory, callID: call.callID })
    this.requests.set(leaked.id, leaked)
    this.#emit({
      kind: 'session',
      sessionID: id,
      directory,
      action: { type: 'request/put', request: leaked },
    })
    await this.#pause()
    this.change(id, {
      type: 'error',
      error: { name: 'MessageAbortedError', message: 'Aborted', kind: 'aborted' },
    })
    this.#status(id, { kind: 'idle' })
    await this.#pause()
    // One in two never hears of its tool again, as after a crash.
    if (this.random.chance(0.5)) {
      this.change(id, {
        type: 'block/put',
        messageID,
        block: { ...call, status: 'failed', error: 'aborted' },
      })
    }
    this.#status(id, { kind: 'idle' })
  }

  #status(id: SessionID, status: RunStatus): void {
    this.change(id, { type: 'status', status })
  }

  #lastPrompt(id: SessionID): string {
    return this.sessions.get(id)?.messages.findLast((message: Message) => message.role === 'user')?.id ?? ''
  }

  async #pause(): Promise<void> {
    await sleep(this.random.below(4))
  }

  #id(): string {
    return String(this.#nextID++).padStart(8, '0')
  }
}

export function openRequests(server: SimulatedServer): readonly Request[] {
  return [...server.requests.values()].map((request) => ({ ...request, id: toRequestID(request.id) }))
}

export function textPrompt(id: string, content: string): Prompt {
  const part = { type: 'text' as const, id: toBlockID(`prt_p${id}`), text: content }
  return { id: toMessageID(`msg_p${id}`), created: 1, parts: [part] }
}
