import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { PromptQueueState } from '../../protocol/composer.ts'
import type { Prompt } from '../../session/model.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend, Backends } from '../backend/backends.ts'
import type { QueueEntry, QueueStorage } from './queueStorage.ts'
import { QueueWorker } from './queueWorker.ts'

export interface PromptQueueOptions {
  readonly storage: QueueStorage
  readonly backends: Pick<Backends, 'for' | 'onDidChange'>
  /** Makes the prompt of an entry as it is to be sent now. */
  readonly compose: (entry: QueueEntry, backend: Backend) => Promise<Prompt>
  readonly log: { warn(message: string): void }
}

/**
 * Prompts that wait until their session is idle. Each goes to the outbox once: it is written down under which id
 * it goes before it goes, and looked for under that id after a crash.
 */
export class PromptQueue implements Disposable {
  readonly #options: PromptQueueOptions
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<SessionID>())
  /** Fires with the session whose queue changed. */
  readonly onDidChange = this.#onDidChange.event
  readonly #workers = new Map<SessionID, QueueWorker>()
  readonly #paused = new Map<SessionID, string>()
  #entries: readonly QueueEntry[]

  constructor(options: PromptQueueOptions) {
    this.#options = options
    this.#entries = options.storage.read()
    this.#store.add(options.backends.onDidChange(() => this.#restart()))
    void options.storage.write(this.#entries)
    for (const { sessionID } of this.#entries) this.#work(sessionID)
  }

  /** What the page shows; undefined where nothing waits. */
  state(sessionID: SessionID | undefined): PromptQueueState | undefined {
    const own = this.#entries.filter((entry) => entry.sessionID === sessionID)
    if (sessionID === undefined || own.length === 0) return undefined
    const paused = this.#paused.get(sessionID)
    const prompts = own.map(({ id, text, attachments }) => ({
      id,
      text,
      items: attachments.map(({ item }) => item),
    }))
    return { prompts, ...(paused === undefined ? {} : { paused }) }
  }

  /** Resolves when it is stored. */
  async add(entry: QueueEntry): Promise<void> {
    await this.#change(entry.sessionID, [...this.#entries, entry])
  }

  /** @throws OpencodeError `not-found`, `conflict` */
  async update(id: string, text: string): Promise<void> {
    const entry = this.#need(id)
    if (text.trim() === '' && entry.attachments.length === 0) return this.remove(id)
    await this.#replace({ ...entry, text })
  }

  /** Puts an entry at a place among those of its session. @throws OpencodeError `not-found`, `conflict` */
  async move(id: string, index: number): Promise<void> {
    const entry = this.#need(id)
    const own = this.#entries.filter((each) => each.sessionID === entry.sessionID && each !== entry)
    const others = this.#entries.filter((each) => each.sessionID !== entry.sessionID)
    const place = Math.max(0, Math.min(index, own.length))
    await this.#change(entry.sessionID, [...others, ...own.toSpliced(place, 0, entry)])
  }

  /** @throws OpencodeError `not-found`, `conflict` */
  async remove(id: string): Promise<void> {
    await this.#drop(this.#need(id))
  }

  /** Sends an entry although its session runs: it joins at the next step. @throws as `remove` */
  async sendNow(id: string): Promise<void> {
    const entry = this.#need(id)
    await this.#handOver(entry, this.#options.backends.for(entry.directory))
  }

  /** Nothing goes out of itself until `resume`. */
  pause(sessionID: SessionID, reason: string): void {
    if (!this.#entries.some((entry) => entry.sessionID === sessionID)) return
    this.#paused.set(sessionID, reason)
    this.#onDidChange.fire(sessionID)
  }

  resume(sessionID: SessionID): void {
    this.#paused.delete(sessionID)
    this.#onDidChange.fire(sessionID)
    this.#workers.get(sessionID)?.resume()
  }

  dispose(): void {
    for (const worker of this.#workers.values()) worker.dispose()
    this.#workers.clear()
    this.#store.dispose()
  }

  #restart(): void {
    for (const worker of this.#workers.values()) worker.dispose()
    this.#workers.clear()
    for (const { sessionID } of this.#entries) this.#work(sessionID)
  }

  /** Something looks after a session as long as something waits in it. */
  #work(sessionID: SessionID): void {
    const first = this.#entries.find((entry) => entry.sessionID === sessionID)
    const worker = this.#workers.get(sessionID)
    if (!first) {
      worker?.dispose()
      this.#workers.delete(sessionID)
      this.#paused.delete(sessionID)
      return
    }
    if (worker) return worker.check()
    const backend = this.#options.backends.for(first.directory)
    const next = new QueueWorker({
      sessionID,
      directory: first.directory,
      backend,
      isPaused: () => this.#paused.has(sessionID),
      pause: (reason) => this.pause(sessionID, reason),
      sendFirst: () => this.#sendFirst(sessionID, backend),
    })
    this.#workers.set(sessionID, next)
    next.check()
  }

  async #sendFirst(sessionID: SessionID, backend: Backend): Promise<void> {
    const entry = this.#entries.find((each) => each.sessionID === sessionID)
    if (!entry) return
    try {
      await this.#handOver(entry, backend)
    } catch (error) {
      this.#options.log.warn(`queue: a prompt could not be sent: ${String(error)}`)
      const reason = error instanceof Error ? error.message : vscode.l10n.t('The prompt could not be sent.')
      this.pause(sessionID, reason)
    }
  }

  async #handOver(entry: QueueEntry, { outbox, hub }: Backend): Promise<void> {
    const { sessionID, directory, handedOver } = entry
    const made = await this.#options.compose(entry, this.#options.backends.for(directory))
    const prompt = handedOver === undefined ? made : { ...made, id: handedOver }
    if (handedOver === undefined) await this.#replace({ ...entry, handedOver: prompt.id })
    // One that may have gone out before a crash is looked for first.
    if (handedOver === undefined) hub.send(sessionID, prompt)
    else outbox.add(sessionID, directory, prompt, { state: 'sent' })
    await outbox.saved()
    const now = this.#entries.find(({ id }) => id === entry.id)
    if (now) await this.#drop(now)
  }

  #need(id: string): QueueEntry {
    const entry = this.#entries.find((each) => each.id === id)
    if (entry && entry.handedOver === undefined) return entry
    throw entry
      ? new OpencodeError('conflict', vscode.l10n.t('This prompt is being sent.'))
      : new OpencodeError('not-found', vscode.l10n.t('This prompt does not wait any more.'))
  }

  async #drop(entry: QueueEntry): Promise<void> {
    await this.#change(
      entry.sessionID,
      this.#entries.filter((each) => each !== entry),
    )
  }

  async #replace(next: QueueEntry): Promise<void> {
    await this.#change(
      next.sessionID,
      this.#entries.map((each) => (each.id === next.id ? next : each)),
    )
  }

  async #change(sessionID: SessionID, entries: readonly QueueEntry[]): Promise<void> {
    this.#entries = entries
    const written = this.#options.storage.write(entries)
    this.#onDidChange.fire(sessionID)
    this.#work(sessionID)
    await written
  }
}
