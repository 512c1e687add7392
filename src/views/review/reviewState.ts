import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import { filePath } from '../../platform/folders.ts'
import type { Content } from '../../review/content.ts'
import { PendingChanges } from '../../review/pendingChanges.ts'
import type { PendingChange } from '../../review/pendingChanges.ts'
import type { ReviewScope, ReviewedFile } from '../../review/reviewedFile.ts'
import type { ReviewLedger, SessionReview } from '../../review/reviewLedger.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { isWithin } from '../../util/paths.ts'
import { contentNow } from './reviewFiles.ts'

/** A file that waits for a decision, as it stands now. */
export interface PendingFile extends PendingChange {
  readonly sessionID: SessionID
  readonly directory: string
  readonly file: ReviewedFile
  readonly now: Content
}

const delayMs = 150
/** Where so many files wait, their views are drawn less often. */
const manyFiles = 500
const longDelayMs = 1_000

/** The ledger joined with what stands in the files now: both what the agent and what the user did changes it. */
export class ReviewState implements Disposable {
  readonly #ledger: ReviewLedger
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  readonly onDidChange = this.#onDidChange.event
  /** Paths of all files that the ledger knows; outside changes come in by the thousand. */
  #known: ReadonlySet<string>
  readonly #now = new Map<string, Content>()
  readonly #changes = new PendingChanges()
  readonly #stale = new Set<string>()
  /** What was in the ledger at the last look; the rest is new, and its file is read. */
  readonly #seen = new WeakSet<ReviewedFile>()
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<void> = Promise.resolve()

  constructor(ledger: ReviewLedger) {
    this.#ledger = ledger
    this.#known = this.#paths()
    const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher('**/*'))
    const touched = (uri: vscode.Uri): void => this.#touch(filePath(uri))
    for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete])
      this.#store.add(event(touched))
    this.#store.add(vscode.workspace.onDidChangeTextDocument(({ document }) => touched(document.uri)))
    this.#store.add(vscode.workspace.onDidSaveTextDocument(({ uri }) => touched(uri)))
    this.#store.add(ledger.onDidChange(() => this.#follow()))
    this.#follow()
  }

  /** Sessions that have anything to decide on, the latest changed first. */
  get reviews(): readonly SessionReview[] {
    return this.#ledger.reviews.filter(
      (review) => review.unknown.length > 0 || this.files(review.sessionID, 'session').length > 0,
    )
  }

  /** What waits in a session, by path. */
  files(sessionID: SessionID, scope: ReviewScope): readonly PendingFile[] {
    const review = this.#ledger.get(sessionID)
    if (!review) return []
    return [...review.files.values()]
      .flatMap((file) => this.#pendingFile(review, file, scope) ?? [])
      .sort((a, b) => (a.file.path < b.file.path ? -1 : 1))
  }

  /** One file, in the session that changed it last or in a given one. */
  file(path: string, scope: ReviewScope, sessionID?: SessionID): PendingFile | undefined {
    const files = this.filesAt(path, scope)
    return sessionID === undefined ? files[0] : files.find((file) => file.sessionID === sessionID)
  }

  /** One file in all sessions in which something of it waits, the session that changed last first. */
  filesAt(path: string, scope: ReviewScope): readonly PendingFile[] {
    return this.#ledger.reviews.flatMap((review) => {
      const file = review.files.get(path)
      return (file && this.#pendingFile(review, file, scope)) ?? []
    })
  }

  /** A file, or all below a folder, as `filesAt`. */
  filesBelow(path: string, scope: ReviewScope): readonly PendingFile[] {
    const inside = [...this.#known].filter((each) => isWithin(each, path)).sort()
    return inside.flatMap((each) => this.filesAt(each, scope))
  }

  /** Reads one file again without telling anybody, for a decision about it. */
  async read(path: string): Promise<void> {
    if (this.#known.has(path)) this.#now.set(path, await contentNow(path))
  }

  /** Reads files again at once; resolves when what they hold is known. */
  async refresh(paths: readonly string[] = [...this.#known]): Promise<void> {
    for (const path of paths) this.#stale.add(path)
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#reading = this.#reading.then(() => this.#read())
    await this.#reading
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#store.dispose()
  }

  #pendingFile(review: SessionReview, file: ReviewedFile, scope: ReviewScope): PendingFile | undefined {
    const now = this.#now.get(file.path)
    const change = now && this.#changes.of(file, scope, now)
    if (!change) return undefined
    const { pending, counts } = change
    if (pending.kind === 'none' && (file.from === undefined || now.kind === 'missing')) return undefined
    const { sessionID, directory } = review
    return { sessionID, directory, file, now, pending, counts }
  }

  #paths(): ReadonlySet<string> {
    return new Set(this.#ledger.reviews.flatMap(({ files }) => [...files.keys()]))
  }

  /** A ledger that lost its last file is a change as well. */
  #follow(): void {
    this.#known = this.#paths()
    for (const { files } of this.#ledger.reviews)
      for (const file of files.values())
        if (!this.#seen.has(file) || !this.#now.has(file.path)) {
          this.#seen.add(file)
          this.#stale.add(file.path)
        }
    this.#refreshSoon()
  }

  #touch(path: string): void {
    if (!this.#known.has(path)) return
    this.#stale.add(path)
    this.#refreshSoon()
  }

  #refreshSoon(): void {
    const delay = this.#known.size > manyFiles ? longDelayMs : delayMs
    this.#timer ??= setTimeout(() => void this.refresh([]), delay)
  }

  async #read(): Promise<void> {
    const known = this.#known
    const paths = [...this.#stale].filter((path) => known.has(path))
    this.#stale.clear()
    await Promise.all(paths.map(async (path) => this.#now.set(path, await contentNow(path))))
    for (const path of this.#now.keys()) if (!known.has(path)) this.#now.delete(path)
    this.#onDidChange.fire(undefined)
  }
}
