import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { BlobStore } from '../../platform/blobs.ts'
import type { SessionID } from '../../opencode/ids.ts'
import { setContextKey } from '../../platform/contextKeys.ts'
import type { Log } from '../../platform/log.ts'
import type { StoredValue } from '../../platform/storage.ts'
import type { OpenChanges } from '../../protocol/chat.ts'
import { gitProgram } from '../../prompt/git.ts'
import { FolderSnapshots } from '../../review/folderSnapshots.ts'
import type { ReviewScope } from '../../review/reviewedFile.ts'
import { ReviewLedger } from '../../review/reviewLedger.ts'
import { TurnRecorder } from '../../review/turnRecorder.ts'
import { Git } from '../../server/isolation/git.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backends } from '../backend/backends.ts'
import { ReviewComments } from './reviewComments.ts'
import { ReviewDecisions } from './reviewDecisions.ts'
import { ReviewDocuments } from './reviewDocuments.ts'
import { ReviewState } from './reviewState.ts'
import { ReviewStorage } from './reviewStorage.ts'
import { ServerReview } from './serverReview.ts'
import { TurnWatch } from './turnWatch.ts'

export interface ReviewOptions {
  readonly backends: Backends
  readonly log: Log
  readonly stored: (key: string) => StoredValue
  /** A folder of this workspace for what is remembered; absolute. */
  readonly storage: string
}

/** The review of what agents change: everything but its views. */
export class Review implements Disposable {
  readonly #storage: string
  readonly #store = new DisposableStore()
  readonly #snapshots = new Map<string, FolderSnapshots>()
  readonly #scope: StoredValue
  readonly #kept: ReviewStorage
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  /** Something waits or waits no more, or another part of it is looked at. */
  readonly onDidChange = this.#onDidChange.event
  readonly ledger: ReviewLedger
  readonly recorder: TurnRecorder
  readonly state: ReviewState
  readonly documents: ReviewDocuments
  readonly decisions: ReviewDecisions
  readonly comments: ReviewComments
  /** What sessions changed where their files are not seen here. */
  readonly server: ServerReview

  constructor({ backends, log, stored, storage }: ReviewOptions) {
    this.#storage = storage
    const blobs = new BlobStore(join(storage, 'review'), ['review'])
    const kept = new ReviewStorage({ file: join(storage, 'review.json'), stored: stored('review'), blobs })
    this.#kept = kept
    this.#scope = stored('reviewScope')
    this.ledger = this.#store.add(new ReviewLedger(kept.load()))
    const snapshots = (directory: string): FolderSnapshots => this.#snapshotsOf(directory)
    const touched = (id: SessionID): Promise<ReadonlySet<string>> => watch.touched(id)
    this.recorder = new TurnRecorder({ ledger: this.ledger, log, snapshots, touched })
    const watch = this.#store.add(new TurnWatch(this.recorder, backends, log))
    this.state = this.#store.add(new ReviewState(this.ledger))
    this.documents = this.#store.add(new ReviewDocuments(this.state))
    this.decisions = this.#store.add(new ReviewDecisions(this))
    this.comments = this.#store.add(new ReviewComments(this.state, stored('reviewComments')))
    this.#store.add(this.ledger.onDidChange((id) => kept.save(this.ledger.reviews, id)))
    this.server = this.#store.add(new ServerReview(backends, log))
    this.#store.add(this.server.onDidChange(() => this.#onDidChange.fire(undefined)))
    this.#store.add(this.state.onDidChange(() => this.#onDidChange.fire(undefined)))
    setContextKey('reviewScope', this.scope)
  }

  /** Whether the last turn is looked at, or all that is open of a session. */
  get scope(): ReviewScope {
    return this.#scope.get() === 'turn' ? 'turn' : 'session'
  }

  /** What a session changed, as far as the view shows it; undefined when that is nothing. */
  openChanges(sessionID: SessionID | undefined): OpenChanges | undefined {
    if (sessionID === undefined) return undefined
    const here = this.state.files(sessionID, this.scope).map(({ counts }) => counts)
    const there = this.server.files(sessionID, this.scope).map(({ texts }) => texts)
    const counts = here.length > 0 ? here : there
    if (counts.length === 0) return undefined
    const sum = (side: 'additions' | 'deletions'): number =>
      counts.reduce((total, count) => total + (count?.[side] ?? 0), 0)
    const canDecide = here.length > 0
    const unknown = canDecide ? (this.ledger.get(sessionID)?.unknown.length ?? 0) : 0
    const files = counts.length + unknown
    return { files, additions: sum('additions'), deletions: sum('deletions'), canDecide }
  }

  async setScope(scope: ReviewScope): Promise<void> {
    await this.#scope.set(scope)
    setContextKey('reviewScope', scope)
    this.#onDidChange.fire(undefined)
  }

  /** Resolves when all decisions made so far are stored. */
  async flush(): Promise<void> {
    await this.#kept.flush()
  }

  dispose(): void {
    this.#store.dispose()
  }

  #snapshotsOf(directory: string): FolderSnapshots {
    const known = this.#snapshots.get(directory)
    if (known) return known
    const name = createHash('sha256').update(directory).digest('hex').slice(0, 16)
    const home = join(this.#storage, 'snapshots', name)
    const made = new FolderSnapshots(new Git(gitProgram()), directory, home)
    this.#snapshots.set(directory, made)
    return made
  }
}
