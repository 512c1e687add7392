import { isRunPrompt } from '../../client/commands.ts'
import type { ClientLog, Connection } from '../../client/connection.ts'
import { toErrorInfo } from '../../opencode/errors.ts'
import type { ErrorCode } from '../../opencode/errors.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import type { Message } from '../../session/model.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Outbox, OutboxEntry } from './outbox.ts'
import { defaultRetry, isTransient, retryDelay } from '../mirror/transient.ts'
import type { RetryTiming } from '../mirror/transient.ts'
import { Wakeup } from '../wakeup.ts'

export interface CourierOptions {
  readonly outbox: Outbox
  readonly log: ClientLog
  /** The server was found to have a prompt whose event did not reach us. */
  readonly onFound: (sessionID: SessionID, message: Message) => void
  readonly timing?: CourierTiming
}

export interface CourierTiming extends RetryTiming {
  /** How long a prompt that the server took may stay unseen before we look for it. */
  readonly seenMs: number
  /**
   * How long after a post nothing is posted again, even when the line broke: the server may still be
   * storing the prompt, and a second post would move it behind an answer that has begun.
   */
  readonly graceMs: number
}

const defaultTiming: CourierTiming = { ...defaultRetry, seenMs: 15_000, graceMs: 3_000 }
/** How many of the newest messages are searched for a prompt whose fate is not known. */
const searchedMessages = 100
const maxServerErrors = 6
const maxUnseen = 2
const longestRunMs = 24 * 60 * 60_000
/** What fails with one of these did not get as far as the session. */
const neverArrived: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['busy', 'connection-refused'])

/**
 * Brings the prompts of the outbox to the server: one after the other in each session, the next one only
 * when the one before was seen there. A prompt whose fate is not known is looked for before it is posted
 * again under the same ids.
 */
export class Courier implements Disposable {
  readonly #options: CourierOptions
  readonly #timing: CourierTiming
  readonly #disposables = new DisposableStore()
  readonly #wakeup = new Wakeup()
  readonly #running = new Set<SessionID>()
  /** Prompts that may have reached the server without our knowing: all from before a reload, to begin with. */
  readonly #uncertain: Set<MessageID>
  readonly #postedAt = new Map<MessageID, number>()
  readonly #lastErrors = new Map<SessionID, string>()
  #connection: Connection | undefined

  constructor(options: CourierOptions) {
    this.#options = options
    this.#timing = options.timing ?? defaultTiming
    this.#uncertain = new Set(options.outbox.entries().map((entry) => entry.prompt.id))
    this.#disposables.add(
      options.outbox.onDidChange((sessionID) => {
        this.#wakeup.wake()
        this.#start(sessionID)
      }),
    )
  }

  /** The connection to post to while its event stream is up; undefined otherwise. */
  setConnection(connection: Connection | undefined): void {
    this.#connection = connection
    this.#wakeup.wake()
    if (!connection) return
    for (const { sessionID } of this.#options.outbox.entries()) this.#start(sessionID)
  }

  /** A message of the user was seen on the server. */
  seen(id: MessageID): void {
    this.#uncertain.delete(id)
    this.#postedAt.delete(id)
    this.#options.outbox.remove(id)
  }

  /** A run failed; this may be why a prompt that was taken never shows up. */
  noteError(sessionID: SessionID, message: string): void {
    if (this.#running.has(sessionID)) this.#lastErrors.set(sessionID, message)
  }

  /** Nothing goes to a deleted session; what waits for it can be taken back. */
  sessionRemoved(sessionID: SessionID): void {
    for (const entry of this.#options.outbox.entries(sessionID)) {
      this.#options.outbox.markFailed(
        entry.prompt.id,
        'The session was deleted. Take the prompt back to send it in another one.',
      )
    }
  }

  dispose(): void {
    this.#connection = undefined
    this.#disposables.dispose()
    this.#wakeup.wake()
  }

  #start(sessionID: SessionID): void {
    if (this.#running.has(sessionID) || !this.#connection) return
    if (!this.#next(sessionID)) return
    this.#running.add(sessionID)
    // In the next turn of the loop, so that whoever changed the outbox is done with it.
    setImmediate(() => void this.#run(sessionID))
  }

  async #run(sessionID: SessionID): Promise<void> {
    try {
      for (let entry = this.#next(sessionID); entry && this.#connection; entry = this.#next(sessionID)) {
        await this.#deliver(entry)
      }
    } finally {
      this.#running.delete(sessionID)
      this.#lastErrors.delete(sessionID)
    }
    this.#start(sessionID)
  }

  #next(sessionID: SessionID): OutboxEntry | undefined {
    return this.#options.outbox.entries(sessionID).find((entry) => entry.state !== 'failed')
  }

  /** Returns when the prompt was seen, failed, was taken back, or we are offline. */
  async #deliver({ sessionID, prompt: { id } }: OutboxEntry): Promise<void> {
    let serverErrors = 0
    let unseen = 0
    for (let attempt = 0; this.#isWaiting(id); attempt++) {
      const connection = this.#connection
      if (!connection) return
      try {
        if (!(await this.#attempt(connection, id))) continue
        if (!this.#isWaiting(id) || !this.#connection) return
        unseen++
        if (unseen < maxUnseen) continue
        this.#fail(id, this.#lastErrors.get(sessionID) ?? neverSeen)
        return
      } catch (error) {
        const info = toErrorInfo(error)
        serverErrors += this.#weigh(id, info.code)
        if (!isTransient(error) || serverErrors >= maxServerErrors) {
          this.#fail(id, info.message)
          return
        }
        this.#options.log.warn(`sync: a prompt could not be sent yet (${info.code}), attempt ${attempt + 1}`)
        await this.#pause(connection, retryDelay(error, attempt, this.#timing))
      }
    }
  }

  /** One look and one post; true when the server took the prompt but it did not show up in time. */
  async #attempt(connection: Connection, id: MessageID): Promise<boolean> {
    const { outbox } = this.#options
    const entry = outbox.find(id)
    if (!entry || entry.state === 'failed') return false
    if (this.#uncertain.has(id) || entry.state === 'sent') {
      if (await this.#isThere(connection, entry)) return false
      if (isRunPrompt(entry.prompt) && entry.state === 'sent') return this.#giveUp(id)
    }
    await Promise.all([this.#saved(), outbox.beforeSending?.(entry)])
    if (!this.#isWaiting(id) || this.#connection !== connection) return false
    await this.#post(connection, entry)
    return !(await this.#untilSeen(connection, id, this.#timing.seenMs))
  }

  async #post(connection: Connection, entry: OutboxEntry): Promise<void> {
    const { id } = entry.prompt
    const held = this.#options.outbox.hold(id)
    this.#uncertain.add(id)
    this.#postedAt.set(id, performance.now())
    try {
      await this.#transmit(connection, entry)
      this.#options.outbox.markSent(id)
    } finally {
      held.dispose()
    }
  }

  /** A run answers at its end; that its message shows is enough. */
  async #transmit(connection: Connection, { sessionID, prompt }: OutboxEntry): Promise<void> {
    if (!isRunPrompt(prompt)) return connection.prompt(sessionID, prompt)
    // Said before it is done: after a crash nobody could tell whether it ran.
    this.#options.outbox.markSent(prompt.id)
    await this.#saved()
    const run = connection.commands.run(sessionID, prompt)
    run.catch(() => undefined)
    await Promise.race([run, this.#untilSeen(connection, prompt.id, longestRunMs)])
  }

  #didNotArrive(id: MessageID): void {
    this.#uncertain.delete(id)
    this.#options.outbox.markWaiting(id)
  }

  /** What may have run already is not run again without being asked. */
  #giveUp(id: MessageID): false {
    this.#uncertain.delete(id)
    this.#fail(id, unknownFate)
    return false
  }

  /** How many server errors a failure counts for: of a run the first is the last. */
  #weigh(id: MessageID, code: ErrorCode): number {
    if (neverArrived.has(code)) this.#didNotArrive(id)
    if (code !== 'server-error') return 0
    return this.#options.outbox.find(id)?.prompt.run ? maxServerErrors : 1
  }

  /** Looks for a prompt whose fate is not known, and once more when the server had its time to store it. */
  async #isThere(connection: Connection, entry: OutboxEntry): Promise<boolean> {
    const { id } = entry.prompt
    if (await this.#look(connection, entry)) return true
    const left = (this.#postedAt.get(id) ?? -Infinity) + this.#timing.graceMs - performance.now()
    if (left <= 0) return false
    await this.#untilSeen(connection, id, left)
    if (!this.#isWaiting(id) || this.#connection !== connection) return true
    return this.#look(connection, entry)
  }

  async #look(connection: Connection, entry: OutboxEntry): Promise<boolean> {
    const page = await connection.readMessages(entry.sessionID, searchedMessages)
    const found = page.messages.find((message) => message.id === entry.prompt.id)
    if (!found) return false
    this.#options.onFound(entry.sessionID, found)
    this.seen(entry.prompt.id)
    return true
  }

  /** False when the time was up; true when it was seen, or waiting has no sense any more. */
  async #untilSeen(connection: Connection, id: MessageID, ms: number): Promise<boolean> {
    const end = performance.now() + ms
    while (this.#isWaiting(id) && this.#connection === connection) {
      const left = end - performance.now()
      if (left <= 0) return false
      await this.#wakeup.wait(left)
    }
    return true
  }

  async #pause(connection: Connection, ms: number): Promise<void> {
    const end = performance.now() + ms
    for (let left = ms; left > 0 && this.#connection === connection; left = end - performance.now()) {
      await this.#wakeup.wait(left)
    }
  }

  async #saved(): Promise<void> {
    try {
      await this.#options.outbox.saved()
    } catch (error) {
      this.#options.log.warn(`sync: the outbox could not be stored (${toErrorInfo(error).code})`)
    }
  }

  #isWaiting(id: MessageID): boolean {
    const entry = this.#options.outbox.find(id)
    return entry !== undefined && entry.state !== 'failed'
  }

  /** Should it be tried again, it is still looked for first. */
  #fail(id: MessageID, message: string): void {
    this.#options.outbox.markFailed(id, message)
  }
}

const unknownFate =
  'The connection broke before the server confirmed this. It may have run; look before you send it again.'
const neverSeen = 'The server took the prompt but does not show it. Try again, or restart the server.'
