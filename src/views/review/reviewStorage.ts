import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as v from 'valibot'
import { isSessionID } from '../../opencode/ids.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { BlobStore } from '../../platform/blobs.ts'
import type { StoredValue } from '../../platform/storage.ts'
import { bytesOf, contentOf, missing } from '../../review/content.ts'
import type { Content } from '../../review/content.ts'
import type { ReviewedFile } from '../../review/reviewedFile.ts'
import { keptSessions } from '../../review/reviewLedger.ts'
import type { SessionReview } from '../../review/reviewLedger.ts'
import { spanOf } from '../../review/span.ts'
import { acquireLock } from '../../server/lease/fileLock.ts'

const owner = 'review'
const lockTimeoutMs = 5_000
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
  /** Of all its contents. */
  bytes: v.optional(v.number(), 0),
})
type StoredFile = v.InferOutput<typeof fileSchema>
type StoredReview = v.InferOutput<typeof reviewSchema>

export interface ReviewStorageParts {
  /** Where the list is kept; absolute. */
  readonly file: string
  /** Where earlier versions kept it. */
  readonly stored: StoredValue
  readonly blobs: BlobStore
}

/**
 * Keeps what waits for a decision over reloads: a list, and contents as blobs. Two windows may show the same folder, so
 * each writes the sessions alone that changed in it, and leaves the others as they are.
 */
export class ReviewStorage {
  readonly #file: string
  readonly #stored: StoredValue
  readonly #blobs: BlobStore
  /** Blobs of contents that were stored before; most of them do not change from one write to the next. */
  readonly #known = new WeakMap<Content, { readonly name: string; readonly size: number }>()
  readonly #changed = new Set<SessionID>()
  #next: readonly SessionReview[] | undefined
  #writing: Promise<void> | undefined

  constructor({ file, stored, blobs }: ReviewStorageParts) {
    this.#file = file
    this.#stored = stored
    this.#blobs = blobs
  }

  /** Files whose contents are gone are left out. Read at once: what waits is there before its views. */
  load(): readonly SessionReview[] {
    return this.#list().map(({ files, bytes: _, ...review }) => ({
      ...review,
      files: new Map(files.flatMap((file) => this.#readFile(file) ?? []).map((file) => [file.path, file])),
    }))
  }

  /** Writes soon what changed in a session; of many calls during a write the last one counts. */
  save(reviews: readonly SessionReview[], changed: SessionID): void {
    this.#next = reviews
    this.#changed.add(changed)
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined))
  }

  /** Resolves when all is stored. */
  async flush(): Promise<void> {
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    while (this.#next) {
      const reviews = this.#next
      const changed = new Set(this.#changed)
      this.#next = undefined
      this.#changed.clear()
      await this.#write(reviews, changed).catch(() => {
        // A full disk, for example: they go along with the next write.
        for (const id of changed) this.#changed.add(id)
      })
    }
  }

  async #write(reviews: readonly SessionReview[], changed: ReadonlySet<SessionID>): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true })
    const signal = AbortSignal.timeout(2 * lockTimeoutMs)
    const lock = await acquireLock(`${this.#file}.lock`, { signal, timeoutMs: lockTimeoutMs })
    try {
      await this.#blobs.refresh()
      const others = this.#list().filter(({ sessionID }) => !changed.has(sessionID))
      const own = reviews.filter(({ sessionID }) => changed.has(sessionID))
      const all = [...own, ...others].sort((a, b) => b.changed - a.changed).slice(0, keptSessions)
      const kept: StoredReview[] = []
      let left = keptBytes
      for (const review of all) {
        if (left <= 0) break
        const stored = 'bytes' in review ? review : await this.#storeReview(review)
        left -= stored.bytes
        kept.push(stored)
      }
      await writeFile(`${this.#file}.new`, JSON.stringify(kept), { mode: 0o600 })
      await rename(`${this.#file}.new`, this.#file)
      if (this.#stored.get() !== undefined) await this.#stored.set(undefined)
      await this.#blobs.hold(owner, kept.flatMap(namesIn))
    } finally {
      await lock.release()
    }
  }

  #list(): readonly StoredReview[] {
    const result = v.safeParse(v.array(reviewSchema), this.#readList())
    return result.success ? result.output : []
  }

  #readList(): unknown {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8'))
    } catch {
      return this.#stored.get()
    }
  }

  async #storeReview({ files, ...review }: SessionReview): Promise<StoredReview> {
    let bytes = 0
    const put = async (content: Content): Promise<string | null> => {
      const known = this.#known.get(content)
      const blob = known && this.#blobs.has(known.name) ? known : await this.#store(content)
      bytes += blob?.size ?? 0
      return blob?.name ?? null
    }
    const stored: StoredFile[] = []
    for (const file of files.values()) stored.push(await storeFile(file, put))
    return {
      ...review,
      unknown: [...review.unknown],
      folders: [...review.folders],
      files: stored,
      bytes,
    }
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

function namesIn({ files }: StoredReview): readonly string[] {
  return files
    .flatMap(({ before, after, turn }) => [before, after, turn])
    .filter((name) => typeof name === 'string')
}
