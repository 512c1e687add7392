import * as v from 'valibot'
import { isSessionID } from '../../opencode/ids.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { BlobStore } from '../../platform/blobs.ts'
import type { StoredValue } from '../../platform/storage.ts'
import { bytesOf, contentOf, missing } from '../../review/content.ts'
import type { Content } from '../../review/content.ts'
import type { ReviewedFile } from '../../review/reviewedFile.ts'
import type { SessionReview } from '../../review/reviewLedger.ts'
import { spanOf } from '../../review/span.ts'

const owner = 'review'
/** What is kept over a reload at the most; the latest changed sessions come first. */
const keptBytes = 100 * 1024 * 1024

const fileSchema = v.object({
  path: v.string(),
  from: v.optional(v.string()),
  wasExecutable: v.optional(v.boolean()),
  /** Names of blobs; null stands for no file. */
  before: v.nullable(v.string()),
  turn: v.optional(v.nullable(v.string())),
  after: v.nullable(v.string()),
})
const unknownSchema = v.object({
  path: v.string(),
  kind: v.optional(v.picklist(['large', 'link'])),
  before: v.optional(v.number()),
  after: v.optional(v.number()),
})
const reviewSchema = v.object({
  sessionID: v.custom<SessionID>(isSessionID),
  directory: v.string(),
  changed: v.number(),
  /** Earlier versions kept the path alone. */
  unknown: v.array(
    v.union([
      v.pipe(
        v.string(),
        v.transform((path) => ({ path })),
      ),
      unknownSchema,
    ]),
  ),
  folders: v.optional(v.array(v.string()), []),
  files: v.array(fileSchema),
})
type StoredFile = v.InferOutput<typeof fileSchema>
type StoredReview = v.InferOutput<typeof reviewSchema>

/** Keeps what waits for a decision over reloads: lists in the workspace state, contents as blobs. */
export class ReviewStorage {
  readonly #stored: StoredValue
  readonly #blobs: BlobStore
  /** Blobs of contents that were stored before; most of them do not change from one write to the next. */
  readonly #known = new WeakMap<Content, { readonly name: string; readonly size: number }>()
  /** Names of the blobs that are there: what is held no more was removed. */
  #held: ReadonlySet<string> = new Set()
  #next: readonly SessionReview[] | undefined
  #writing: Promise<void> | undefined

  constructor(stored: StoredValue, blobs: BlobStore) {
    this.#stored = stored
    this.#blobs = blobs
  }

  /** Files whose contents are gone are left out. */
  load(): readonly SessionReview[] {
    const result = v.safeParse(v.array(reviewSchema), this.#stored.get())
    if (!result.success) return []
    return result.output.map(({ files, ...review }) => ({
      ...review,
      files: new Map(files.flatMap((file) => this.#readFile(file) ?? []).map((file) => [file.path, file])),
    }))
  }

  /** Writes soon; of many calls during a write the last one counts. */
  save(reviews: readonly SessionReview[]): void {
    this.#next = reviews
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined))
  }

  /** Resolves when all is stored. */
  async flush(): Promise<void> {
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    while (this.#next) {
      const reviews = this.#next
      this.#next = undefined
      await this.#write(reviews).catch(() => undefined)
    }
  }

  async #write(reviews: readonly SessionReview[]): Promise<void> {
    const names = new Set<string>()
    let left = keptBytes
    const put = async (content: Content): Promise<string | null> => {
      const known = this.#known.get(content)
      const blob = known && this.#held.has(known.name) ? known : await this.#store(content)
      if (!blob) return null
      left -= blob.size
      names.add(blob.name)
      return blob.name
    }
    const kept: StoredReview[] = []
    for (const { files, ...review } of reviews) {
      if (left <= 0) break
      const stored: StoredFile[] = []
      for (const file of files.values()) stored.push(await storeFile(file, put))
      kept.push({ ...review, unknown: [...review.unknown], folders: [...review.folders], files: stored })
    }
    await this.#stored.set(kept)
    this.#held = names
    await this.#blobs.hold(owner, [...names])
  }

  async #store(content: Content): Promise<{ readonly name: string; readonly size: number } | undefined> {
    const bytes = bytesOf(content)
    if (!bytes) return undefined
    const blob = { name: await this.#blobs.put(bytes.toString('base64')), size: bytes.length }
    this.#known.set(content, blob)
    return blob
  }

  #readFile({ path, from, wasExecutable, before, turn, after }: StoredFile): ReviewedFile | undefined {
    const [start, end] = [this.#read(before), this.#read(after)]
    const turnStart = turn === undefined ? undefined : this.#read(turn)
    if (!start || !end) return undefined
    return {
      path,
      ...(from === undefined ? {} : { from }),
      ...(wasExecutable === undefined ? {} : { wasExecutable }),
      session: spanOf(start, end),
      turn: turnStart && spanOf(turnStart, end),
    }
  }

  #read(name: string | null): Content | undefined {
    if (name === null) return missing
    const base64 = this.#blobs.read(name)
    return base64 === undefined ? undefined : contentOf(Buffer.from(base64, 'base64'))
  }
}

async function storeFile(
  { path, from, wasExecutable, session, turn }: ReviewedFile,
  put: (content: Content) => Promise<string | null>,
): Promise<StoredFile> {
  return {
    path,
    ...(from === undefined ? {} : { from }),
    ...(wasExecutable === undefined ? {} : { wasExecutable }),
    before: await put(session.before),
    after: await put(session.after),
    ...(turn ? { turn: await put(turn.before) } : {}),
  }
}
