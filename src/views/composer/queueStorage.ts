import * as v from 'valibot'
import { isSessionID, toMessageID } from '../../opencode/ids.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import type { ModelRef } from '../../opencode/catalog.ts'
import type { BlobStore } from '../../platform/blobs.ts'
import type { StoredValue } from '../../platform/storage.ts'
import type { Attachment } from '../../prompt/attachment.ts'
import { attachmentSchema, restoreAttachment, storeAttachment } from './attachmentCodec.ts'

/** A prompt that waits for its session, as it was written. */
export interface QueueEntry {
  readonly id: string
  readonly sessionID: SessionID
  readonly directory: string
  readonly text: string
  readonly attachments: readonly Attachment[]
  readonly agent?: string | undefined
  readonly model?: ModelRef | undefined
  /** Set before it goes to the outbox under this id: after a crash it is known where to look for it. */
  readonly handedOver?: MessageID | undefined
}

const entrySchema = v.object({
  id: v.string(),
  sessionID: v.custom<SessionID>(isSessionID),
  directory: v.string(),
  text: v.string(),
  attachments: v.array(attachmentSchema),
  agent: v.optional(v.string()),
  model: v.optional(
    v.object({ providerID: v.string(), modelID: v.string(), variant: v.exactOptional(v.string()) }),
  ),
  handedOver: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^msg[\w.:~-]{1,250}$/),
      v.transform((id) => toMessageID(id)),
    ),
  ),
})

/** Keeps the queue over reloads; large contents stand in files. */
export class QueueStorage {
  readonly #stored: StoredValue
  readonly #blobs: BlobStore
  #writing: Promise<void> = Promise.resolve()

  constructor(stored: StoredValue, blobs: BlobStore) {
    this.#stored = stored
    this.#blobs = blobs
  }

  /** What an older version wrote and nobody can read is dropped. */
  read(): readonly QueueEntry[] {
    const value = this.#stored.get()
    if (!Array.isArray(value)) return []
    return value.flatMap((each: unknown) => {
      const result = v.safeParse(entrySchema, each)
      if (!result.success) return []
      const attachments = result.output.attachments.flatMap(
        (one) => restoreAttachment(one, this.#blobs) ?? [],
      )
      return [{ ...result.output, attachments }]
    })
  }

  /** Resolves when it is stored; writes go one after the other. */
  write(entries: readonly QueueEntry[]): Promise<void> {
    const write = async (): Promise<void> => {
      const names = new Set<string>()
      const stored = entries.map(async (entry) => {
        const attachments = entry.attachments.map((each) => storeAttachment(each, this.#blobs, names))
        return { ...entry, attachments: await Promise.all(attachments) }
      })
      await this.#stored.set(await Promise.all(stored))
      await this.#blobs.hold('queue', [...names])
    }
    this.#writing = this.#writing.then(write, write)
    return this.#writing
  }
}
