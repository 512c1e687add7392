import { join } from 'node:path'
import type { RequestID, SessionID } from '../../opencode/ids.ts'
import type { DeskState, EditSettlement } from '../../protocol/desk.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { isWithin } from '../../util/paths.ts'
import type { Backends } from '../backend/backends.ts'
import type { DiffDocuments } from '../diffDocuments.ts'
import { EditConflicts } from './conflicts.ts'
import { ProblemWatch } from './newProblems.ts'
import { Proposals } from './proposals.ts'
import { RememberedTexts } from './rememberedTexts.ts'
import { beforeAllow, settleEdit } from './settle.ts'
import { TextBackups } from './textBackups.ts'
import { UnsavedTexts } from './unsavedTexts.ts'

export interface EditDeskOptions {
  readonly backends: Backends
  readonly documents: DiffDocuments
  /** A place of our own for copies of texts. */
  readonly folder: string
  readonly log: { warn(message: string): void }
}

/**
 * Where the agent's edits meet what the user has in the editors: proposals are shown before they are allowed, and no
 * text that was typed is lost, be it saved or not.
 */
export class EditDesk implements Disposable {
  readonly proposals: Proposals
  readonly conflicts: EditConflicts
  readonly backups: TextBackups
  readonly problems: ProblemWatch
  readonly #remembered: RememberedTexts
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  readonly onDidChange = this.#onDidChange.event

  constructor({ backends, documents, folder, log }: EditDeskOptions) {
    this.backups = new TextBackups(join(folder, 'unsaved'))
    const remembered = (this.#remembered = new RememberedTexts(join(folder, 'edits')))
    const { backups } = this
    const unsaved = this.#store.add(new UnsavedTexts(remembered))
    this.proposals = this.#store.add(new Proposals({ backends, documents, backups, remembered, log }))
    this.conflicts = this.#store.add(new EditConflicts({ backends, unsaved, backups, documents, log }))
    this.problems = this.#store.add(new ProblemWatch(backends))
    this.#store.add(this.problems.onDidChange(() => this.#onDidChange.fire(undefined)))
    this.#store.add(this.proposals.onDidChange(() => this.#onDidChange.fire(undefined)))
    this.#store.add(this.conflicts.onDidChange(() => this.#onDidChange.fire(undefined)))
  }

  /** What a chat of this directory shows with this session; undefined when there is nothing to say. */
  stateOf(directory: string, sessionID: SessionID | undefined): DeskState | undefined {
    const edits = this.proposals.all
      .filter(({ request }) => isWithin(request.directory, directory))
      .flatMap(({ request }) => this.proposals.guards.find(({ requestID }) => requestID === request.id) ?? [])
      .filter(({ risks, isChanged }) => risks.length > 0 || isChanged)
    const conflicts = this.conflicts.in(directory)
    const problems = sessionID === undefined ? undefined : this.problems.of(sessionID)
    if (edits.length === 0 && conflicts.length === 0 && !problems) return undefined
    return { edits, conflicts, problems }
  }

  /**
   * To be called before an edit is allowed: what it would overwrite is put away.
   *
   * @throws OpencodeError `conflict` when the user should look first
   */
  async beforeAllow(id: RequestID): Promise<void> {
    const proposal = await this.proposals.need(id).catch(() => undefined)
    if (proposal) await beforeAllow(proposal, this)
  }

  /** @throws OpencodeError `not-found`, `conflict` */
  async settle(id: RequestID, how: EditSettlement): Promise<void> {
    await settleEdit(await this.proposals.need(id), how, this)
  }

  /** Resolves when all that must outlive the window is on the disk. */
  async close(): Promise<void> {
    await this.#remembered.close()
  }

  dispose(): void {
    this.#store.dispose()
  }
}
