import type { MessageID, SessionID } from '../../opencode/ids.ts'
import type { Prompt } from '../../session/model.ts'
import { Emitter } from '../../util/event.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { decodeOutbox } from './outboxCodec.ts'
import type { OutboxEntry, StoredOutbox } from './outboxCodec.ts'

export type { OutboxEntry } from './outboxCodec.ts'

export interface SendOptions extends Pick<OutboxEntry, 'isVolatile'> {
  /** `sent`: the server may have it already, so it is looked for before it goes out. */
  readonly state?: 'waiting' | 'sent'
}

/** Where the outbox lives between reloads and crashes: the workspace state. */
export interface OutboxStorage {
  get(): unknown
  set(value: unknown): Promise<void>
}

/**
 * The prompts that the server is not yet seen to have, in the order of sending. Every change goes to
 * storage at once; an entry leaves only when the server's message was seen or the user takes it back.
 */
export class Outbox implements Disposable {
  readonly #storage: OutboxStorage
  readonly #onDidChange = new Emitter<SessionID>()
  readonly #busy = new Set<MessageID>()
  #entries: readonly OutboxEntry[]
  #write: Promise<void> = Promise.resolve()
  #isWriteQueued = false

  /** Waited for right before an entry goes to the server. Must not reject, nor take long. */
  beforeSending: ((entry: OutboxEntry) => Promise<void>) | undefined
  /** Tells of which session the entries changed. */
  readonly onDidChange = this.#onDidChange.event

  constructor(storage: OutboxStorage) {
    this.#storage = storage
    this.#entries = decodeOutbox(storage.get())
  }

  entries(sessionID?: SessionID): readonly OutboxEntry[] {
    return sessionID ? this.#entries.filter((entry) => entry.sessionID === sessionID) : this.#entries
  }

  find(id: MessageID): OutboxEntry | undefined {
    return this.#entries.find((entry) => entry.prompt.id === id)
  }

  /** Takes a prompt in. The same prompt twice counts once. */
  add(sessionID: SessionID, directory: string, prompt: Prompt, options: SendOptions = {}): void {
    if (this.find(prompt.id)) return
    this.#change(sessionID, [
      ...this.#entries,
      { sessionID, directory, prompt, state: 'waiting', ...options },
    ])
  }

  /** The server's message was seen: the entry has done its work. */
  remove(id: MessageID): void {
    const entry = this.find(id)
    if (entry) this.#drop(entry)
  }

  /** Tries a failed prompt again, behind the others of its session. */
  retry(id: MessageID): void {
    const entry = this.find(id)
    if (entry?.state !== 'failed') return
    const others = this.#entries.filter((candidate) => candidate !== entry)
    this.#change(entry.sessionID, [...others, waiting(entry)])
  }

  /** Takes a prompt back; undefined when the server may have it already or is getting it now. */
  recall(id: MessageID): Prompt | undefined {
    const entry = this.find(id)
    if (!entry || entry.state === 'sent' || this.#busy.has(id)) return undefined
    this.#drop(entry)
    return entry.prompt
  }

  /** Gives up on everything, because the server is given up: one of the same name later is another one. */
  clear(): void {
    for (const entry of this.#entries) this.#drop(entry)
  }

  markSent(id: MessageID): void {
    this.#update(id, (entry) => ({ ...waiting(entry), state: 'sent' }))
  }

  markWaiting(id: MessageID): void {
    this.#update(id, waiting)
  }

  markFailed(id: MessageID, message: string): void {
    this.#update(id, (entry) => ({ ...entry, state: 'failed', message }))
  }

  /** While a prompt is being posted it cannot be taken back. */
  hold(id: MessageID): Disposable {
    this.#busy.add(id)
    return { dispose: () => this.#busy.delete(id) }
  }

  /** Resolves when storage holds all changes made so far; rejects when it could not be written. */
  saved(): Promise<void> {
    return this.#write
  }

  dispose(): void {
    this.#onDidChange.dispose()
  }

  #update(id: MessageID, update: (entry: OutboxEntry) => OutboxEntry): void {
    const index = this.#entries.findIndex((entry) => entry.prompt.id === id)
    const entry = this.#entries[index]
    if (!entry) return
    const next = update(entry)
    if (next.state === entry.state && next.message === entry.message) return
    this.#change(entry.sessionID, this.#entries.with(index, next))
  }

  #drop(entry: OutboxEntry): void {
    this.#change(
      entry.sessionID,
      this.#entries.filter((candidate) => candidate !== entry),
    )
  }

  #change(sessionID: SessionID, entries: readonly OutboxEntry[]): void {
    this.#entries = entries
    this.#save()
    this.#onDidChange.fire(sessionID)
  }

  /** Writes one after the other; changes made during a write share the next one. */
  #save(): void {
    if (this.#isWriteQueued) return
    this.#isWriteQueued = true
    const write = async (): Promise<void> => {
      this.#isWriteQueued = false
      const entries = this.#entries.filter(({ isVolatile }) => isVolatile !== true)
      const value: StoredOutbox = { version: 1, entries }
      await this.#storage.set(value)
    }
    this.#write = this.#write.then(write, write)
    this.#write.catch(() => undefined)
  }
}

function waiting({ message: _, ...entry }: OutboxEntry): OutboxEntry {
  return { ...entry, state: 'waiting' }
}
