import type { SessionID } from '../opencode/ids.ts'
import { Emitter } from '../util/event.ts'
import { isWithin } from '../util/paths.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'
import { sameContent } from './content.ts'
import type { Content } from './content.ts'
import { joinMoves } from './moves.ts'
import { afterStep, isDecided, withoutTurn } from './reviewedFile.ts'
import type { ReviewedFile } from './reviewedFile.ts'

/** What a session changed and nobody decided on yet. */
export interface SessionReview {
  readonly sessionID: SessionID
  readonly directory: string
  /** Epoch ms of the last change; for putting sessions in order. */
  readonly changed: number
  /** By path. */
  readonly files: ReadonlyMap<string, ReviewedFile>
  /** What the agent changed in ways that nobody could tell us. */
  readonly unknown: readonly UnknownChange[]
  /** Absolute paths of folders that came with new files. */
  readonly folders: readonly string[]
}

/** A file of which only is known that the agent changed it. */
export interface UnknownChange {
  /** Absolute. */
  readonly path: string
  /** Why no more is known, as far as that is: it is too large to be remembered, or a link. */
  readonly kind?: 'large' | 'link'
  /** Of a large one, its bytes; undefined: there was, or is, no file. */
  readonly before?: number
  readonly after?: number
}

/** What the agent did to a file: contents of right before and right after it. */
export interface FileStep {
  readonly path: string
  readonly from?: string
  /** Whether it was, and is, a program, by its mode; left out where nobody knows. */
  readonly wasExecutable?: boolean
  readonly isExecutable?: boolean
  readonly start: Content
  readonly end: Content
}

/** Sessions that are remembered at the most, the latest changed ones. */
export const keptSessions = 20

/** All that waits for a decision in this window, by session. */
export class ReviewLedger implements Disposable {
  readonly #reviews = new Map<SessionID, SessionReview>()
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<SessionID>())
  readonly onDidChange = this.#onDidChange.event
  /** Whose changes are not told yet, while many are made at once. */
  #untold: Set<SessionID> | undefined

  constructor(reviews: readonly SessionReview[] = []) {
    for (const review of reviews) this.#reviews.set(review.sessionID, review)
  }

  /** The latest changed first. */
  get reviews(): readonly SessionReview[] {
    return [...this.#reviews.values()].sort((a, b) => b.changed - a.changed)
  }

  get(sessionID: SessionID): SessionReview | undefined {
    return this.#reviews.get(sessionID)
  }

  /** The files of the turn before are files of the session alone from now on. */
  beginTurn(sessionID: SessionID): void {
    const review = this.#reviews.get(sessionID)
    if (!review) return
    const files = [...review.files].map(([path, file]) => [path, withoutTurn(file)] as const)
    this.#put({ ...review, files: new Map(files) })
  }

  /** Notes what the agent did, and which folders were new with it. `changed` is the time of it, epoch ms. */
  record(
    session: { readonly id: SessionID; readonly directory: string },
    steps: readonly FileStep[],
    changed: number,
    made: readonly string[] = [],
  ): void {
    const real = steps.filter(({ start, end, from }) => from !== undefined || !sameContent(start, end))
    if (real.length === 0) return
    const review = this.#reviews.get(session.id)
    const files = new Map(review?.files)
    const joined = joinMoves(files, real)
    for (const step of joined) recordStep(files, step)
    const paths = new Set(joined.map(({ path }) => path))
    const unknown = (review?.unknown ?? []).filter(({ path }) => !paths.has(path))
    const folders = [...new Set([...(review?.folders ?? []), ...made])]
    this.#put({ sessionID: session.id, directory: session.directory, changed, files, unknown, folders })
  }

  /** Notes files of which only is known that the agent changed them. */
  recordUnknown(
    session: { readonly id: SessionID; readonly directory: string },
    changes: readonly UnknownChange[],
    changed: number,
  ): void {
    const review = this.#reviews.get(session.id)
    const files = review?.files ?? new Map<string, ReviewedFile>()
    const news = changes.filter(({ path }) => !files.has(path))
    if (news.length === 0) return
    const unknown = new Map(review?.unknown.map((each) => [each.path, each]))
    for (const each of news) {
      const joined = joinUnknown(unknown.get(each.path), each)
      if (joined) unknown.set(each.path, joined)
      else unknown.delete(each.path)
    }
    const folders = review?.folders ?? []
    this.#put({
      sessionID: session.id,
      directory: session.directory,
      changed,
      files,
      unknown: [...unknown.values()],
      folders,
    })
  }

  /** Takes over a decision; a file with nothing left to decide on leaves. */
  decide(sessionID: SessionID, file: ReviewedFile): void {
    const review = this.#reviews.get(sessionID)
    if (!review?.files.has(file.path)) return
    const files = new Map(review.files)
    if (isDecided(file) && file.from === undefined) files.delete(file.path)
    else files.set(file.path, file)
    this.#put({ ...review, files })
  }

  /** A decision was taken back by other means, e.g. by the editor's own undo. */
  restore(last: SessionReview, file: ReviewedFile): void {
    const gone = { ...last, files: new Map<string, ReviewedFile>(), unknown: [] }
    const review = this.#reviews.get(last.sessionID) ?? gone
    this.#put({ ...review, files: new Map(review.files).set(file.path, file) })
  }

  /** Nothing of a file is asked any more. */
  dismiss(sessionID: SessionID, path: string): void {
    const review = this.#reviews.get(sessionID)
    if (!review) return
    const files = new Map(review.files)
    files.delete(path)
    this.#put({ ...review, files, unknown: review.unknown.filter((each) => each.path !== path) })
  }

  /** The user moved a file, or a folder with files in it. */
  move(from: string, to: string): void {
    for (const review of this.reviews) {
      const moved = [...review.files].filter(([path]) => isWithin(path, from))
      if (moved.length === 0) continue
      const files = new Map(review.files)
      for (const [path, file] of moved) {
        files.delete(path)
        const place = to + path.slice(from.length)
        files.set(place, { ...file, path: place })
      }
      this.#put({ ...review, files })
    }
  }

  forget(sessionID: SessionID): void {
    if (this.#reviews.delete(sessionID)) this.#changed(sessionID)
  }

  /** Tells of all that changes meanwhile once, at the end: whoever hears of it looks at all that waits. */
  async atOnce(work: () => Promise<void>): Promise<void> {
    if (this.#untold) return work()
    const untold = (this.#untold = new Set())
    try {
      await work()
    } finally {
      this.#untold = undefined
      for (const sessionID of untold) this.#onDidChange.fire(sessionID)
    }
  }

  dispose(): void {
    this.#store.dispose()
  }

  #put(review: SessionReview): void {
    if (review.files.size === 0 && review.unknown.length === 0) this.#reviews.delete(review.sessionID)
    else this.#reviews.set(review.sessionID, review)
    for (const { sessionID } of this.reviews.slice(keptSessions)) this.#reviews.delete(sessionID)
    this.#changed(review.sessionID)
  }

  #changed(sessionID: SessionID): void {
    if (this.#untold) this.#untold.add(sessionID)
    else this.#onDidChange.fire(sessionID)
  }
}

/** A file that moves takes its story with it. */
function recordStep(files: Map<string, ReviewedFile>, step: FileStep): void {
  const old = step.from === undefined ? undefined : files.get(step.from)
  if (step.from !== undefined) files.delete(step.from)
  const file = old ?? files.get(step.path)
  const next = afterStep(file && { ...file, path: step.path }, {
    ...step,
    isNewTurn: file?.turn === undefined,
  })
  const from = file?.from ?? step.from
  const { from: _, ...rest } = next
  const hasMoved = from !== undefined && from !== step.path && next.session.before.kind !== 'missing'
  files.set(step.path, hasMoved ? { ...rest, from } : rest)
}

/** Undefined for a large file that came and went. */
function joinUnknown(known: UnknownChange | undefined, next: UnknownChange): UnknownChange | undefined {
  if (!known) return next
  if (next.kind === undefined) return known
  if (next.kind === 'link' || known.kind !== 'large') return next
  const { before: _, ...later } = next
  if (known.before === undefined && later.after === undefined) return undefined
  return known.before === undefined ? later : { ...later, before: known.before }
}
