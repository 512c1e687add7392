import * as v from 'valibot'
import { toBlockID } from '../opencode/ids.ts'
import { isRecord } from '../platform/storage.ts'
import type { StoredValue } from '../platform/storage.ts'
import type { Attachment } from '../prompt/attachment.ts'
import type { Draft } from '../protocol/chat.ts'
import type { PromptPart } from '../session/model.ts'
import { Emitter } from '../util/event.ts'
import type { Disposable } from '../util/lifecycle.ts'

const delayMs = 400
const keptDrafts = 100
/** Larger attachments live in memory only: the workspace state is read and written as a whole. */
const storedAttachmentBytes = 512 * 1024

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
  readonly #entries: Map<string, Entry>
  readonly #onDidChange = new Emitter<string>()
  /** Fires with the key of a draft that changed by other means than typing. */
  readonly onDidChange = this.#onDidChange.event
  #lastRevision: number
  #timer: NodeJS.Timeout | undefined

  constructor(stored: StoredValue) {
    this.#stored = stored
    this.#entries = readEntries(stored.get())
    this.#lastRevision = Math.max(0, ...[...this.#entries.values()].map(({ revision }) => revision))
  }

  get(key: string): Draft {
    const { text, revision, attachments } = this.#entry(key)
    return { text, revision, items: attachments.map(({ item }) => item) }
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

  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#timer === undefined) return
    this.#timer = undefined
    await this.#stored.set(toStored(this.#entries))
  }

  dispose(): void {
    void this.flush()
    this.#onDidChange.dispose()
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

function toStored(entries: ReadonlyMap<string, Entry>): unknown {
  const kept = [...entries].filter(([, { text, attachments }]) => text !== '' || attachments.length > 0)
  return Object.fromEntries(
    kept
      .slice(-keptDrafts)
      .map(([key, entry]) => [key, { ...entry, attachments: entry.attachments.filter(isSmall) }]),
  )
}

function isSmall({ parts }: Attachment): boolean {
  const bytes = parts.reduce((sum, part) => sum + (part.type === 'inline' ? part.base64.length : 0), 0)
  return bytes <= storedAttachmentBytes
}

const lines = v.optional(v.object({ start: v.number(), end: v.number() }))
const blockID = v.pipe(
  v.string(),
  v.transform((id) => toBlockID(id)),
)
const part = v.variant('type', [
  v.object({ type: v.literal('text'), id: blockID, text: v.string(), synthetic: v.optional(v.boolean()) }),
  v.object({
    type: v.literal('file'),
    id: blockID,
    path: v.string(),
    name: v.string(),
    mime: v.string(),
    lines,
  }),
  v.object({
    type: v.literal('inline'),
    id: blockID,
    name: v.string(),
    mime: v.string(),
    base64: v.string(),
    path: v.optional(v.string()),
    lines,
  }),
  v.object({ type: v.literal('agent'), id: blockID, name: v.string() }),
]) satisfies v.GenericSchema<unknown, PromptPart>
const kind = v.picklist(['file', 'selection', 'symbol', 'problem', 'image', 'folder', 'cell', 'terminal'])
const entrySchema = v.object({
  text: v.string(),
  revision: v.number(),
  attachments: v.array(
    v.object({
      item: v.object({ id: v.string(), kind, label: v.string(), detail: v.string() }),
      parts: v.array(part),
      source: v.optional(v.string()),
    }),
  ),
})

/** Drafts of an older version that cannot be read are dropped. */
function readEntries(value: unknown): Map<string, Entry> {
  if (!isRecord(value)) return new Map()
  return new Map(
    Object.entries(value).flatMap(([key, entry]) => {
      const result = safeParse(entry)
      return result ? [[key, result] as const] : []
    }),
  )
}

function safeParse(value: unknown): Entry | undefined {
  try {
    return v.parse(entrySchema, value)
  } catch {
    return undefined
  }
}
