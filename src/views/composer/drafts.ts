import * as v from 'valibot'
import { isRecord } from '../../platform/storage.ts'
import type { StoredValue } from '../../platform/storage.ts'
import type { BlobStore } from '../../platform/blobs.ts'
import type { Attachment } from '../../prompt/attachment.ts'
import type { Draft } from '../../protocol/chat.ts'
import { Emitter } from '../../util/event.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { attachmentSchema, restoreAttachment, storeAttachment } from './attachmentCodec.ts'

const delayMs = 400
const keptDrafts = 100

interface Entry {
  readonly text: string
  readonly revision: number
  readonly attachments: readonly Attachment[]
}

/** The key of a folder's unsent first prompt. */
export function newDraftKey(directory: string): string {
  return `new:${directory}`
}

/**
 * What is being written, per session and per folder for "new session". Stored soon after each change, so
 * that a crash costs at most half a second of typing. Revisions rise over all drafts: two never share one.
 */
export class Drafts implements Disposable {
  readonly #stored: StoredValue
  readonly #blobs: BlobStore
  readonly #entries: Map<string, Entry>
  readonly #onDidChange = new Emitter<string>()
  /** Fires with the key of a draft that changed by other means than typing. */
  readonly onDidChange = this.#onDidChange.event
  #lastRevision: number
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<unknown> = Promise.resolve()
  /** Number of the last write, and of the last one that storage has. */
  #lastWrite = 0
  #storedWrite = 0

  constructor(stored: StoredValue, blobs: BlobStore) {
    this.#stored = stored
    this.#blobs = blobs
    this.#entries = readEntries(stored.get(), blobs)
    this.#lastRevision = Math.max(0, ...[...this.#entries.values()].map(({ revision }) => revision))
  }

  get(key: string): Draft {
    const { text, revision, attachments } = this.#entry(key)
    return { text, revision, items: attachments.map(({ item }) => item) }
  }

  /** What is attached to any draft. */
  get all(): readonly { readonly key: string; readonly attachment: Attachment }[] {
    return [...this.#entries].flatMap(([key, { attachments }]) =>
      attachments.map((attachment) => ({ key, attachment })),
    )
  }

  /** The attachments behind chips, in the order of the chips. */
  attachments(key: string, items: readonly string[]): readonly Attachment[] {
    return this.#entry(key).attachments.filter(({ item }) => items.includes(item.id))
  }

  /** The user typed: the page has this text already. */
  type(key: string, text: string): void {
    this.#put(key, { ...this.#entry(key), text })
  }

  /** The host changes the text: the page takes it over. */
  write(key: string, text: string): void {
    this.#put(key, { ...this.#entry(key), text, revision: ++this.#lastRevision })
    this.#onDidChange.fire(key)
  }

  add(key: string, attachments: readonly Attachment[]): void {
    const entry = this.#entry(key)
    const isNew = ({ source, item }: Attachment): boolean =>
      !entry.attachments.some(
        (other) => source !== undefined && other.source === source && other.item.label === item.label,
      )
    this.#put(key, { ...entry, attachments: [...entry.attachments, ...attachments.filter(isNew)] })
    this.#onDidChange.fire(key)
  }

  /** Puts the active selection in the place of the one before; what was added by hand stays alone. */
  setLive(key: string, live: Attachment | undefined): void {
    const entry = this.#entry(key)
    const kept = entry.attachments.filter(({ item }) => item.isLive !== true)
    const isThere = kept.some(({ content }) => content !== undefined && content.key === live?.content?.key)
    if (kept.length === entry.attachments.length && (!live || isThere)) return
    this.#put(key, { ...entry, attachments: live && !isThere ? [...kept, live] : kept })
    this.#onDidChange.fire(key)
  }

  remove(key: string, item: string): void {
    const entry = this.#entry(key)
    this.#put(key, { ...entry, attachments: entry.attachments.filter((each) => each.item.id !== item) })
    this.#onDidChange.fire(key)
  }

  /** Takes a draft to another place, if nothing stands there: what is being written follows its writer. */
  carry(from: string, to: string): void {
    const { text, attachments } = this.#entry(from)
    const there = this.#entry(to)
    if (from === to || there.text !== '' || there.attachments.length > 0) return
    if (text === '' && attachments.length === 0) return
    this.#put(to, { text, attachments, revision: ++this.#lastRevision })
    this.#onDidChange.fire(to)
    this.clear(from)
  }

  /** Changes one attachment, e.g. when its text moved. */
  update(key: string, item: string, change: (attachment: Attachment) => Attachment): void {
    const entry = this.#entry(key)
    const attachments = entry.attachments.map((each) => (each.item.id === item ? change(each) : each))
    this.#put(key, { ...entry, attachments })
    this.#onDidChange.fire(key)
  }

  /** Empties a draft after it was sent. */
  clear(key: string): void {
    this.#put(key, { text: '', attachments: [], revision: ++this.#lastRevision })
    this.#onDidChange.fire(key)
  }

  /** Takes out what was sent. What was written or added meanwhile stays, in the draft `next`. */
  sent(key: string, sent: { readonly text: string; readonly items: readonly string[] }, next: string): void {
    const { text, attachments } = this.#entry(key)
    const later = text === sent.text ? '' : text
    const rest = attachments.filter(({ item }) => !sent.items.includes(item.id))
    // The page has the later words already, and maybe newer ones: its text is not to be replaced.
    if (key !== next || later === '') this.clear(key)
    const { attachments: known, ...entry } = this.#entry(next)
    const others = key === next ? [] : known
    this.#put(next, { ...entry, text: entry.text || later, attachments: [...rest, ...others] })
    this.#onDidChange.fire(next)
  }

  /** Resolves when all changes made so far are stored. */
  async flush(): Promise<void> {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#writing = Promise.allSettled([this.#writing, this.#write()])
    }
    await this.#writing
  }

  dispose(): void {
    void this.flush()
    this.#onDidChange.dispose()
  }

  /** Small drafts go to storage at once, whatever is still being written: the window may be about to go. */
  async #write(): Promise<void> {
    const turn = ++this.#lastWrite
    const kept = [...this.#entries]
      .filter(([, { text, attachments }]) => text !== '' || attachments.length > 0)
      .slice(-keptDrafts)
    const names = new Set<string>()
    const stored = kept.map(async ([key, entry]) => {
      const attachments = entry.attachments.map((each) => storeAttachment(each, this.#blobs, names))
      return [key, { ...entry, attachments: await Promise.all(attachments) }] as const
    })
    const value = Object.fromEntries(await Promise.all(stored))
    if (turn < this.#storedWrite) return
    this.#storedWrite = turn
    await this.#stored.set(value)
    if (turn === this.#lastWrite) await this.#blobs.hold('drafts', [...names])
  }

  #entry(key: string): Entry {
    const known = this.#entries.get(key)
    if (known) return known
    const fresh: Entry = { text: '', attachments: [], revision: ++this.#lastRevision }
    this.#entries.set(key, fresh)
    return fresh
  }

  #put(key: string, entry: Entry): void {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    this.#timer ??= setTimeout(() => void this.flush(), delayMs)
  }
}

const entrySchema = v.object({
  text: v.string(),
  revision: v.number(),
  attachments: v.array(attachmentSchema),
})

/** Drafts of an older version that cannot be read are dropped. */
function readEntries(value: unknown, blobs: BlobStore): Map<string, Entry> {
  if (!isRecord(value)) return new Map()
  return new Map(
    Object.entries(value).flatMap(([key, entry]) => {
      const result = v.safeParse(entrySchema, entry)
      if (!result.success) return []
      const attachments = result.output.attachments.flatMap((each) => restoreAttachment(each, blobs) ?? [])
      return [[key, { ...result.output, attachments }] as const]
    }),
  )
}
