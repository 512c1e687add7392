import { isAbort } from '../../opencode/errors.ts'
import { isSessionID } from '../../opencode/ids.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import type { SessionAction } from '../../session/actions.ts'
import type { PromptDelivery, UserMessage } from '../../session/model.ts'
import type { ClientLog, ServerEvent } from '../connection.ts'
import { EventQueue } from '../http/eventQueue.ts'
import { followEvents } from '../http/eventStream.ts'
import type { StreamTiming } from '../http/eventStream.ts'
import type { HttpClient } from '../http/httpClient.ts'
import { fields, list, number, text, word } from '../reading.ts'
import type { Fields } from '../reading.ts'
import { answerID, blockAt, readInboxItem, readMessage } from './messages.ts'
import type { V2Routes } from './routes.ts'
import { readMessageID } from './sessions.ts'
import { ShellOutput } from './shellOutput.ts'
import { putMessage, Track } from './track.ts'

/** One event as it came, its envelope read. */
export interface WireEvent {
  readonly kind: 'wire'
  readonly type: string
  readonly data: Fields
  readonly created: number | undefined
  readonly directory: string | undefined
}

/** What is done for an event. What it rejects with is logged. */
export type EventHandler = (live: LiveEvents, event: WireEvent) => void | Promise<void>

export interface LiveOptions {
  /** By type; types that are not in it mean nothing to us. */
  readonly handlers: ReadonlyMap<string, EventHandler>
  readonly client: HttpClient
  readonly routes: V2Routes
  readonly log: ClientLog
  readonly ping: (signal: AbortSignal) => Promise<void>
  readonly timing?: Partial<StreamTiming>
}

/** Three heartbeats of the server. */
const usualTiming = { silenceMs: 45_000 }

/** Messages at the end of a session that are read again when something of them changed. */
const tailLimit = 20

/**
 * What the stream of a 2.x server means. Its events tell of changes, not of results: there is none for a changed
 * session or a prompt that became a message. So what a change leads to is fetched, and each answer once more when its
 * step is over; what came live until then is a preview of it. Only sessions whose messages were read are followed
 * that closely; of the others the texts are told as they come, since nothing is stored of a text before its end.
 */
export class LiveEvents {
  readonly #options: LiveOptions
  readonly #followed = new Set<SessionID>()
  readonly #tracks = new Map<MessageID, Track>()
  /** Prompts as they showed before they were delivered. */
  readonly #admitted = new Map<MessageID, UserMessage>()
  readonly #directories = new Map<SessionID, string>()
  /** Sessions that are being fetched; true: once more after that. */
  readonly #fetching = new Map<SessionID, boolean>()
  /** Summaries that are being written. */
  readonly #summaries = new Map<SessionID, { readonly messageID: MessageID; hasBegun: boolean }>()
  readonly #unknown = new Set<string>()
  readonly retrying = new Set<SessionID>()
  readonly shells: ShellOutput
  #out = new EventQueue<ServerEvent>()

  constructor(options: LiveOptions) {
    this.#options = options
    this.shells = new ShellOutput(options.routes)
  }

  async *follow(signal: AbortSignal): AsyncGenerator<ServerEvent, void> {
    const out = new EventQueue<ServerEvent>()
    this.#out = out
    const stop = new AbortController()
    const pumping = this.#pump(AbortSignal.any([signal, stop.signal])).finally(() => {
      this.shells.clear()
      out.end()
    })
    pumping.catch(() => undefined)
    try {
      for (let batch = await out.take(); batch && !signal.aborted; batch = await out.take()) yield* batch
      await pumping
    } finally {
      stop.abort()
    }
  }

  /** To be called before the messages of a session are read, so that no change of them is missed. */
  watch(sessionID: SessionID): void {
    this.#followed.add(sessionID)
  }

  isFollowed(sessionID: SessionID): boolean {
    return this.#followed.has(sessionID)
  }

  emit(sessionID: SessionID, ...actions: readonly SessionAction[]): void {
    const directory = this.#directories.get(sessionID)
    for (const action of actions) this.#out.push({ kind: 'session', sessionID, directory, action })
  }

  push(event: ServerEvent): void {
    this.#out.push(event)
  }

  directoryOf(sessionID: SessionID): string | undefined {
    return this.#directories.get(sessionID)
  }

  /** Where a session is, fetched where events do not tell it. */
  async whereabouts(sessionID: SessionID): Promise<string | undefined> {
    const known = this.#directories.get(sessionID)
    if (known !== undefined) return known
    const session = await this.#quietly(this.#options.routes.session(sessionID))
    this.placed(sessionID, session?.directory)
    return session?.directory
  }

  placed(sessionID: SessionID, directory: string | undefined): void {
    if (directory !== undefined) this.#directories.set(sessionID, directory)
  }

  begin(sessionID: SessionID, messageID: MessageID): Track {
    const track = new Track(sessionID, messageID)
    this.#tracks.set(messageID, track)
    return track
  }

  forget(sessionID: SessionID): void {
    for (const [id, track] of this.#tracks) if (track.sessionID === sessionID) this.#tracks.delete(id)
    this.#directories.delete(sessionID)
    this.retrying.delete(sessionID)
  }

  /**
   * The answer that an event is about. Where we came in the middle of it, what is stored says how far it is; that
   * itself is told by whoever reads the messages.
   */
  async track(sessionID: SessionID, data: Fields): Promise<Track | undefined> {
    const messageID = readMessageID(data['assistantMessageID'])
    if (messageID === undefined) return undefined
    const known = this.#tracks.get(messageID)
    if (known || !this.#followed.has(sessionID)) return known
    const stored = await this.#quietly(this.#options.routes.message(sessionID, messageID))
    return this.#adopt(sessionID, stored)
  }

  /** Brings one message to its stored form; does nothing when it cannot be had. */
  async refetch(sessionID: SessionID, messageID: MessageID): Promise<void> {
    const stored = await this.#quietly(this.#options.routes.message(sessionID, messageID))
    if (stored === undefined) return
    const held = Array.from({ length: this.#tracks.get(messageID)?.count ?? 0 }, (_, index) => blockAt(index))
    const surplus = [...held, ...(this.#admitted.get(messageID)?.blocks ?? []).map(({ id }) => id)]
    this.#admitted.delete(messageID)
    for (const message of readMessage(stored)) this.emit(sessionID, ...putMessage(message, surplus))
    this.#adopt(sessionID, stored)
  }

  #adopt(sessionID: SessionID, stored: unknown): Track | undefined {
    const [message] = readMessage(stored)
    if (message?.role !== 'assistant') return undefined
    const track = this.begin(sessionID, message.id)
    track.adopt(message, list(fields(stored)['content']))
    return track
  }

  async ended(sessionID: SessionID, data: Fields): Promise<void> {
    const messageID = readMessageID(data['assistantMessageID'])
    if (messageID === undefined) return
    if (this.#followed.has(sessionID)) await this.refetch(sessionID, messageID)
    this.#tracks.delete(messageID)
  }

  /** An answer begins anew: what there was of it is void. */
  async restart(sessionID: SessionID, messageID: MessageID): Promise<void> {
    if (this.#followed.has(sessionID)) return this.refetch(sessionID, messageID)
    const blocks = this.#tracks.get(messageID)?.count ?? 0
    for (let index = 0; index < blocks; index++)
      this.emit(sessionID, { type: 'block/removed', messageID, blockID: blockAt(index) })
    this.begin(sessionID, messageID)
  }

  /** Reads the end of a session again: for messages whose events do not tell what they hold. */
  async refetchTail(sessionID: SessionID): Promise<void> {
    if (!this.#followed.has(sessionID)) return
    const query = [`limit=${tailLimit}`, 'order=desc']
    const page = await this.#quietly(this.#options.routes.ofSession('GET', sessionID, '/message', { query }))
    for (const stored of list(page).toReversed()) {
      const messageID = readMessageID(fields(stored)['id'])
      if (messageID !== undefined && this.#tracks.has(messageID)) continue
      for (const message of readMessage(stored)) this.emit(sessionID, ...putMessage(message))
      if (messageID !== undefined) this.#noteSummary(sessionID, messageID, fields(stored))
    }
  }

  /** More of the summary that is being written; nothing while it is not known which message that is. */
  summarized(sessionID: SessionID, added: string): void {
    const summary = this.#summaries.get(sessionID)
    if (!summary) return
    const messageID = answerID(summary.messageID)
    const block = { type: 'text' as const, id: blockAt(0), text: added, open: true }
    if (summary.hasBegun)
      this.emit(sessionID, { type: 'block/append', messageID, blockID: block.id, text: added })
    else this.emit(sessionID, { type: 'block/put', messageID, block })
    summary.hasBegun = true
  }

  #noteSummary(sessionID: SessionID, messageID: MessageID, { type, status }: Fields): void {
    if (type !== 'compaction') return
    if (status === 'running') this.#summaries.set(sessionID, { messageID, hasBegun: false })
    else this.#summaries.delete(sessionID)
  }

  /** A prompt was admitted: it shows from now on. */
  admitted(sessionID: SessionID, item: Fields): void {
    for (const message of readInboxItem(item)) this.#admit(sessionID, message)
  }

  /** A prompt that waits is to join at another time. What came before us is read first. */
  async redelivered(sessionID: SessionID, messageID: MessageID, waits: PromptDelivery): Promise<void> {
    const known = this.#admitted.get(messageID)
    if (known) {
      this.#admit(sessionID, { ...known, waits })
      return
    }
    const inbox = await this.#quietly(this.#options.routes.ofSession('GET', sessionID, '/inbox'))
    for (const message of list(inbox).flatMap(readInboxItem)) this.#admit(sessionID, message)
  }

  /** A prompt has its place in the conversation; how it is stored is fetched. */
  async delivered(sessionID: SessionID, messageID: MessageID): Promise<void> {
    const known = this.#admitted.get(messageID)
    if (known) {
      const { blocks: _, waits: __, ...message } = known
      this.emit(sessionID, { type: 'message/put', message })
    }
    await this.refetch(sessionID, messageID)
  }

  #admit(sessionID: SessionID, message: UserMessage): void {
    this.#admitted.set(message.id, message)
    this.emit(sessionID, ...putMessage(message))
  }

  /** Fetches a session and tells what it is now; nobody waits for it. */
  touch(sessionID: SessionID): void {
    if (this.#fetching.has(sessionID)) {
      this.#fetching.set(sessionID, true)
      return
    }
    this.#fetching.set(sessionID, false)
    void this.#fetchSession(sessionID)
  }

  async #fetchSession(sessionID: SessionID): Promise<void> {
    const session = await this.#quietly(this.#options.routes.session(sessionID))
    if (session) {
      this.#directories.set(sessionID, session.directory)
      this.emit(sessionID, { type: 'session/put', session })
    }
    const isStale = this.#fetching.get(sessionID) === true
    this.#fetching.delete(sessionID)
    if (isStale) this.touch(sessionID)
  }

  async #pump(signal: AbortSignal): Promise<void> {
    const { client, log, ping, timing } = this.#options
    const stream = {
      client,
      route: '/api/event',
      log,
      ping,
      decode: readEvent,
      timing: { ...usualTiming, ...timing },
    }
    for await (const event of followEvents<WireEvent>(stream, signal)) {
      if (event.kind === 'wire') await this.#handle(event)
      else this.#link(event)
    }
  }

  /** After a gap nothing is known of answers that are being written. */
  #link(event: ServerEvent): void {
    this.#tracks.clear()
    this.#summaries.clear()
    this.#admitted.clear()
    this.shells.clear()
    this.retrying.clear()
    this.#out.push(event)
  }

  async #handle(event: WireEvent): Promise<void> {
    const handler = this.#options.handlers.get(event.type)
    if (!handler) {
      this.#logUnknown(event.type)
      return
    }
    const { sessionID } = event.data
    if (isSessionID(sessionID)) this.placed(sessionID, event.directory)
    try {
      await handler(this, event)
    } catch (error) {
      this.#options.log.warn(`client an event of type ${event.type} could not be used: ${String(error)}`)
    }
  }

  /** A fetch that fails leaves things as they are; the next gap or step brings them right. */
  async #quietly<T>(promise: Promise<T>): Promise<T | undefined> {
    try {
      return await promise
    } catch (error) {
      if (!isAbort(error))
        this.#options.log.debug(`client could not fetch what an event is about: ${String(error)}`)
      return undefined
    }
  }

  #logUnknown(type: string): void {
    if (this.#unknown.has(type) || this.#unknown.size >= 200) return
    this.#unknown.add(type)
    this.#options.log.debug(`client ignores events of type ${type.slice(0, 80)}`)
  }
}

function readEvent(value: unknown): readonly WireEvent[] {
  const wire = fields(value)
  const type = text(wire['type'])
  if (type === undefined) return []
  const directory = word(fields(wire['location'])['directory'])
  return [{ kind: 'wire', type, data: fields(wire['data']), created: number(wire['created']), directory }]
}
