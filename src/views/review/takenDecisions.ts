import { sameContent } from '../../review/content.ts'
import type { Content } from '../../review/content.ts'
import type { ReviewedFile } from '../../review/reviewedFile.ts'
import type { SessionReview } from '../../review/reviewLedger.ts'

/** A decision that the editor's own undo may take back. */
export interface Taken {
  readonly review: SessionReview
  readonly before: { readonly file: ReviewedFile; readonly now: Content }
  readonly after: { readonly file: ReviewedFile; readonly now: Content }
}

const keptDecisions = 50

/** The latest decisions, for an editor in which they are undone and redone. */
export class TakenDecisions {
  #taken: readonly Taken[] = []

  /** Known from now on, since the editor may undo it while it is saved; forgotten when it is not carried out. */
  async whileWriting(taken: Taken, write: () => Promise<void>): Promise<void> {
    this.#taken = [...this.#taken, taken].slice(-keptDecisions)
    try {
      await write()
    } catch (error) {
      this.#taken = this.#taken.filter((each) => each !== taken)
      throw error
    }
  }

  /** Whether decisions on a file are known at all. */
  has(path: string): boolean {
    return this.#taken.some(({ before }) => before.file.path === path)
  }

  /** The latest decision that an undo, or else a redo, which led to `now`, is about. */
  find(path: string, now: Content, isUndo: boolean): Taken | undefined {
    return this.#taken.findLast(
      ({ before, after }) => before.file.path === path && sameContent(isUndo ? before.now : after.now, now),
    )
  }
}
