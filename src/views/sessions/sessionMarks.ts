import { isSessionID } from '../../opencode/ids.ts'
import type { SessionID } from '../../opencode/ids.ts'
import { isRecord } from '../../platform/storage.ts'
import { Emitter } from '../../util/event.ts'
import type { Disposable } from '../../util/lifecycle.ts'

/** What ended in a session while nobody looked. */
export type Unseen = 'unread' | 'failed'

export interface MarkStorage {
  get(): unknown
  set(value: unknown): Promise<void>
}

const keptMarks = 500

/** What the user should know of sessions and the server does not: which are pinned, which ended unseen. */
export class SessionMarks implements Disposable {
  readonly #pinStorage: MarkStorage
  readonly #unseenStorage: MarkStorage
  readonly #pinned: Set<SessionID>
  readonly #unseen: Map<SessionID, Unseen>
  readonly #onDidChange = new Emitter<undefined>()
  readonly onDidChange = this.#onDidChange.event

  /** Pins are kept for all windows, what is unseen for this one. */
  constructor(pins: MarkStorage, unseen: MarkStorage) {
    this.#pinStorage = pins
    this.#unseenStorage = unseen
    this.#pinned = readPins(pins.get())
    this.#unseen = readUnseen(unseen.get())
  }

  get unseenCount(): number {
    return this.#unseen.size
  }

  isPinned(sessionID: SessionID): boolean {
    return this.#pinned.has(sessionID)
  }

  unseen(sessionID: SessionID): Unseen | undefined {
    return this.#unseen.get(sessionID)
  }

  async pin(sessionIDs: readonly SessionID[], isPinned: boolean): Promise<void> {
    // Another window may have pinned something meanwhile.
    for (const id of readPins(this.#pinStorage.get())) this.#pinned.add(id)
    for (const id of sessionIDs) {
      if (isPinned) this.#pinned.add(id)
      else this.#pinned.delete(id)
    }
    this.#onDidChange.fire(undefined)
    await this.#pinStorage.set([...this.#pinned].slice(-keptMarks))
  }

  markUnseen(sessionID: SessionID, what: Unseen): void {
    if (this.#unseen.get(sessionID) === what) return
    this.#unseen.set(sessionID, what)
    this.#unseenChanged()
  }

  markSeen(sessionID: SessionID): void {
    if (this.#unseen.delete(sessionID)) this.#unseenChanged()
  }

  forget(sessionID: SessionID): void {
    this.markSeen(sessionID)
    if (this.#pinned.has(sessionID)) void this.pin([sessionID], false)
  }

  dispose(): void {
    this.#onDidChange.dispose()
  }

  #unseenChanged(): void {
    this.#onDidChange.fire(undefined)
    void this.#unseenStorage.set(Object.fromEntries([...this.#unseen].slice(-keptMarks)))
  }
}

function readPins(value: unknown): Set<SessionID> {
  return new Set(Array.isArray(value) ? value.filter(isSessionID) : [])
}

function readUnseen(value: unknown): Map<SessionID, Unseen> {
  const entries = Object.entries(isRecord(value) ? value : {})
  return new Map(
    entries.flatMap(([id, what]): (readonly [SessionID, Unseen])[] =>
      isSessionID(id) && (what === 'unread' || what === 'failed') ? [[id, what]] : [],
    ),
  )
}
