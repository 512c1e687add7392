import type { ClientLog, Connection, MessagePage } from '../../client/connection.ts'
import { OpencodeError, toErrorInfo } from '../../opencode/errors.ts'
import type { ErrorInfo } from '../../opencode/errors.ts'
import type { BlockID, MessageID, SessionID } from '../../opencode/ids.ts'
import type { SessionAction } from '../../session/actions.ts'
import { coalesce } from '../../session/coalesce.ts'
import { isSame } from '../../session/equal.ts'
import { indexOfMessage, isAhead, isUndelivered } from '../../session/messages.ts'
import type { Message, Request, RunStatus } from '../../session/model.ts'
import { reduceSession } from '../../session/reducer.ts'
import type { SessionState } from '../../session/state.ts'
import { Emitter } from '../../util/event.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { fetchSession } from './fetchSession.ts'
import type { FetchedSession } from './fetchSession.ts'
import { mergeSnapshot } from './mergeSnapshot.ts'
import type { OutboxEntry } from '../sending/outbox.ts'
import { pendingActions, pendingHead } from '../sending/pendingMessage.ts'

/** What a mirror asks of its surroundings. */
export interface MirrorContext {
  readonly log: ClientLog
  readonly settleDelayMs: number
  /** The prompts of this session that are on their way. */
  pending(): readonly OutboxEntry[]
  status(): RunStatus
  /** Open requests of this session and its descendants. */
  requests(): readonly Request[]
  /** Texts that are being written, of those that were heard from their first word on. */
  openTexts(): ReadonlyMap<BlockID, string>
  /** Whether status and requests are known for certain. */
  isIndexCurrent(): boolean
  /** Resolves when they are, or cannot be had now. */
  whenIndexed(): Promise<void>
  /** The run ended with something left open: its end may have been missed, so the session should be fetched. */
  endMissed(): void
  /** These messages of the user were seen on the server. */
  seen(ids: readonly MessageID[]): void
}

/** How many messages an older page holds. */
const olderPage = 100
/** How many buffered actions are worth joining. */
const bufferLimit = 2_000

/**
 * The copy of one session. It takes live actions at once, and replaces itself by a merged snapshot, with
 * everything replayed that came during the fetch, whenever it is told to load.
 */
export class SessionMirror implements Disposable {
  readonly sessionID: SessionID
  readonly #context: MirrorContext
  readonly #onDidChange = new Emitter<readonly SessionAction[]>()
  readonly onDidChange = this.#onDidChange.event
  #state: SessionState | undefined
  #error: ErrorInfo | undefined
  #older: string | undefined
  #isLoading = false
  #generation = 0
  #buffer: SessionAction[] | undefined
  #pageBuffer: SessionAction[] | undefined
  #olderLoad: Promise<void> | undefined
  #settleTimer: NodeJS.Timeout | undefined
  #isSettled = false
  /** Blocks of our prompts that the server has not repeated yet. */
  readonly #unconfirmed = new Map<MessageID, Set<BlockID>>()

  constructor(sessionID: SessionID, context: MirrorContext) {
    this.sessionID = sessionID
    this.#context = context
  }

  get state(): SessionState | undefined {
    return this.#state
  }

  /** True while nothing is known of the session and it is being fetched. */
  get isLoading(): boolean {
    return this.#isLoading && !this.#state
  }

  get error(): ErrorInfo | undefined {
    return this.#error
  }

  /** Takes one live action of the session in. */
  receive(action: SessionAction): void {
    this.#record(action)
    const leftovers = this.#confirm(action)
    this.#dispatch([action, ...leftovers])
  }

  /** Brings status and requests in line with the index. */
  syncIndex(): void {
    if (!this.#state) return
    const status = this.#context.status()
    const actions: SessionAction[] = []
    if (!isSame(status, this.#state.status)) actions.push({ type: 'status', status })
    if (status.kind !== 'idle') this.#isSettled = false
    for (const action of actions) this.#record(action)
    this.#dispatch([...actions, ...this.#requestActions(this.#state.requests)])
    this.#planSettle()
  }

  /** Brings the prompts that are on their way in line with the outbox. */
  syncPending(): void {
    if (!this.#state || this.#buffer) return
    this.#dispatch(this.#pendingActions(this.#state))
  }

  /** Fetches the session anew. Rejects with what the server said; does nothing when overtaken. */
  async load(connection: Connection, isLossy: boolean): Promise<void> {
    const generation = ++this.#generation
    const local = { messages: this.#state?.messages ?? [], older: this.#older, status: this.#state?.status }
    const heard = this.#context.openTexts()
    this.#buffer = []
    this.#dropOlderLoad()
    this.#setLoading(true)
    const fetched = await this.#fetch(connection, local.messages, generation)
    if (!fetched) return
    const merged = mergeSnapshot(local, fetched, { isLossy, heard })
    this.#older = merged.older
    this.#context.seen(userMessages(fetched.messages))
    const next = this.#rebuild({ ...fetched, ...merged }, local.status)
    this.#buffer = undefined
    this.#isLoading = false
    this.#error = undefined
    this.#unconfirmed.clear()
    this.#replace(next)
    this.syncIndex()
    this.syncPending()
  }

  /** The stream is down, or nobody looks any more: what is on its way counts no longer. */
  interrupt(): void {
    this.#generation++
    this.#buffer = undefined
    this.#dropOlderLoad()
    this.#clearSettle()
    this.#setLoading(false)
  }

  /** The session cannot be had; what is known of it stays readable. */
  fail(error: unknown): void {
    this.interrupt()
    this.#error = toErrorInfo(error)
    this.#onDidChange.fire([])
  }

  /** Single flight; a page that a newer snapshot overtook is dropped. */
  loadOlder(connection: Connection | undefined): Promise<void> {
    if (!connection)
      return Promise.reject(new OpencodeError('not-running', 'There is no connection to OpenCode now.'))
    if (this.#olderLoad) return this.#olderLoad
    const { hasOlder } = this.#state ?? { hasOlder: false }
    if (!hasOlder || this.#older === undefined || this.#buffer) return Promise.resolve()
    const load = this.#loadOlder(connection, this.#older).finally(() => {
      if (this.#olderLoad === load) this.#dropOlderLoad()
    })
    this.#olderLoad = load
    return load
  }

  dispose(): void {
    this.interrupt()
    this.#onDidChange.dispose()
  }

  /** Undefined when a newer fetch or a drop overtook this one, whatever became of it. */
  async #fetch(
    connection: Connection,
    local: readonly Message[],
    generation: number,
  ): Promise<FetchedSession | undefined> {
    try {
      const fetched = await fetchSession(connection, this.sessionID, local)
      await this.#context.whenIndexed()
      return generation === this.#generation ? fetched : undefined
    } catch (error) {
      if (generation !== this.#generation) return undefined
      throw error
    }
  }

  async #loadOlder(connection: Connection, cursor: string): Promise<void> {
    const generation = this.#generation
    const buffer: SessionAction[] = []
    this.#pageBuffer = buffer
    const page = await connection.readMessages(this.sessionID, olderPage, cursor)
    if (generation !== this.#generation || !this.#state) return
    this.#older = page.older
    this.#dispatch(this.#historyActions(page, this.#state, buffer))
    this.#planSettle()
  }

  /** Changes of messages of the page that came while it was fetched had nothing to change then. */
  #historyActions(
    page: MessagePage,
    state: SessionState,
    buffer: readonly SessionAction[],
  ): readonly SessionAction[] {
    const fresh = new Set(page.messages.map((message) => message.id))
    for (const message of state.messages) fresh.delete(message.id)
    const late = buffer.filter((action) => 'messageID' in action && fresh.has(action.messageID))
    return [{ type: 'history', messages: page.messages, hasOlder: page.older !== undefined }, ...late]
  }

  /** The merged snapshot with the buffered actions, today's status and requests, and what waits in the outbox. */
  #rebuild(fetched: FetchedSession, statusBefore: RunStatus | undefined): SessionState {
    const { session, messages, older, todos } = fetched
    let state: SessionState = {
      session,
      messages,
      hasOlder: older !== undefined,
      status: statusBefore ?? { kind: 'idle' },
      requests: [],
      todos,
      error: this.#errorAfter(messages),
    }
    for (const action of this.#buffer ?? []) state = reduceSession(state, action)
    state = { ...state, status: this.#context.status() }
    for (const request of this.#context.requests())
      state = reduceSession(state, { type: 'request/put', request })
    if (this.#isSettled && state.status.kind === 'idle') state = reduceSession(state, { type: 'settle' })
    for (const action of this.#pendingActions(state)) state = reduceSession(state, action)
    return state
  }

  /** The server does not store why a run ended; it is still true while nothing came after it. */
  #errorAfter(messages: readonly Message[]): SessionState['error'] {
    const last = this.#state?.messages.findLast((message) => !isAhead(message))
    return last && last.id === messages.at(-1)?.id ? this.#state?.error : undefined
  }

  #replace(next: SessionState): void {
    const before = this.#state
    this.#state = before ? reduceSession(before, { type: 'reset', state: next }) : next
    this.#onDidChange.fire(this.#state === before ? [] : [{ type: 'reset', state: this.#state }])
    this.#planSettle()
  }

  #dispatch(actions: readonly SessionAction[]): void {
    const effective = actions.filter((action) => this.#reduce(action))
    if (effective.length > 0) this.#onDidChange.fire(effective)
  }

  #reduce(action: SessionAction): boolean {
    if (!this.#state) return false
    const next = reduceSession(this.#state, action)
    const isChanged = next !== this.#state
    this.#state = next
    if (isChanged && next.status.kind === 'idle' && action.type !== 'settle') this.#planSettle()
    return isChanged
  }

  #record(action: SessionAction): void {
    this.#pageBuffer?.push(action)
    if (!this.#buffer) return
    this.#buffer.push(action)
    if (this.#buffer.length % bufferLimit === 0) this.#buffer = [...coalesce(this.#buffer)]
  }

  /**
   * When the server's own form of a prompt of ours arrives, its blocks take the place of ours one by one.
   * What it has not repeated by the time it answers is not part of the message.
   */
  #confirm(action: SessionAction): readonly SessionAction[] {
    if (action.type === 'message/put' && action.message.role === 'user') this.#expectBlocks(action.message.id)
    if (action.type === 'block/put') this.#unconfirmed.get(action.messageID)?.delete(action.block.id)
    const isAnswer = action.type === 'message/put' && action.message.role === 'assistant'
    if (!isAnswer || this.#unconfirmed.size === 0) return []
    const leftovers = [...this.#unconfirmed].flatMap(([messageID, blocks]) =>
      [...blocks].map((blockID): SessionAction => ({ type: 'block/removed', messageID, blockID })),
    )
    this.#unconfirmed.clear()
    return leftovers
  }

  #expectBlocks(id: MessageID): void {
    const message = this.#state?.messages[indexOfMessage(this.#state.messages, id)]
    if (!message || !isUndelivered(message)) return
    this.#unconfirmed.set(id, new Set(message.blocks.map((block) => block.id)))
  }

  #requestActions(before: readonly Request[]): readonly SessionAction[] {
    const wanted = this.#context.requests()
    const ids = new Set(wanted.map((request) => request.id))
    const gone = before.filter((request) => !ids.has(request.id))
    return [
      ...gone.map((request): SessionAction => ({ type: 'request/removed', requestID: request.id })),
      ...wanted.map((request): SessionAction => ({ type: 'request/put', request })),
    ]
  }

  #pendingActions({ messages }: SessionState): readonly SessionAction[] {
    const entries = this.#context.pending()
    const ids = new Set(entries.map((entry) => entry.prompt.id))
    const gone = messages.filter((message) => isUndelivered(message) && !ids.has(message.id))
    const known = new Set(messages.map((message) => message.id))
    return [
      ...gone.map((message): SessionAction => ({ type: 'message/removed', messageID: message.id })),
      ...entries.flatMap((entry): readonly SessionAction[] =>
        known.has(entry.prompt.id)
          ? [{ type: 'message/put', message: pendingHead(entry) }]
          : pendingActions(entry),
      ),
    ]
  }

  /** Some time after the end of a run nothing more comes for what is still open. */
  #planSettle(): void {
    if (this.#state?.status.kind !== 'idle') return this.#clearSettle()
    if (this.#settleTimer || this.#buffer || !this.#context.isIndexCurrent()) return
    this.#settleTimer = setTimeout(() => {
      this.#settleTimer = undefined
      if (this.#state?.status.kind !== 'idle' || !this.#context.isIndexCurrent()) return
      this.#isSettled = true
      const before = this.#state
      this.#dispatch([{ type: 'settle' }])
      if (this.#state !== before) this.#context.endMissed()
    }, this.#context.settleDelayMs)
    this.#settleTimer.unref()
  }

  #dropOlderLoad(): void {
    this.#olderLoad = undefined
    this.#pageBuffer = undefined
  }

  #clearSettle(): void {
    clearTimeout(this.#settleTimer)
    this.#settleTimer = undefined
  }

  #setLoading(isLoading: boolean): void {
    const wasLoading = this.isLoading
    this.#isLoading = isLoading
    if (isLoading) this.#error = undefined
    if (wasLoading !== this.isLoading) this.#onDidChange.fire([])
  }
}

function userMessages(messages: readonly Message[]): readonly MessageID[] {
  return messages.filter((message) => message.role === 'user').map((message) => message.id)
}
