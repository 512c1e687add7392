import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { BlobStore } from '../../platform/blobs.ts'
import { setContextKey } from '../../platform/contextKeys.ts'
import type { Log } from '../../platform/log.ts'
import type { StoredValue } from '../../platform/storage.ts'
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
  readonly #onDidChangeScope = this.#store.add(new Emitter<undefined>())
  readonly #scope: StoredValue
  readonly #kept: ReviewStorage
  readonly onDidChangeScope = this.#onDidChangeScope.event
  readonly ledger: ReviewLedger
  readonly recorder: TurnRecorder
  readonly state: ReviewState
  readonly documents: ReviewDocuments
  readonly decisions: ReviewDecisions
  readonly comments: ReviewComments

  constructor({ backends, log, stored, storage }: ReviewOptions) {
    this.#storage = storage
    const blobs = new BlobStore(join(storage, 'review'), ['review'])
    const kept = new ReviewStorage(stored('review'), blobs)
    this.#kept = kept
    this.#scope = stored('reviewScope')
    this.ledger = this.#store.add(new ReviewLedger(kept.load()))
    const snapshots = (directory: string): FolderSnapshots => this.#snapshotsOf(directory)
    this.recorder = new TurnRecorder({ ledger: this.ledger, log, snapshots })
    this.state = this.#store.add(new ReviewState(this.ledger))
    this.documents = this.#store.add(new ReviewDocuments(this.state))
    this.decisions = this.#store.add(new ReviewDecisions(this))
    this.comments = this.#store.add(new ReviewComments(this.state, stored('reviewComments')))
    this.#store.add(new TurnWatch(this.recorder, backends, log))
    this.#store.add(this.ledger.onDidChange(() => kept.save(this.ledger.reviews)))
    setContextKey('reviewScope', this.scope)
  }

  /** Whether the last turn is looked at, or all that is open of a session. */
  get scope(): ReviewScope {
    return this.#scope.get() === 'turn' ? 'turn' : 'session'
  }

  async setScope(scope: ReviewScope): Promise<void> {
    await this.#scope.set(scope)
    setContextKey('reviewScope', scope)
    this.#onDidChangeScope.fire(undefined)
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
    const place = join(this.#storage, 'snapshots', name, 'folder.git')
    const made = new FolderSnapshots(new Git(gitProgram()), directory, place)
    this.#snapshots.set(directory, made)
    return made
  }
}
