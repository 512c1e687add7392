import type { Content } from './content.ts'
import { pendingIn, spanIn } from './reviewedFile.ts'
import type { ReviewScope, ReviewedFile } from './reviewedFile.ts'
import { countsOf } from './span.ts'
import type { LineCounts, Pending } from './span.ts'

/** What waits for a decision in one file, by what stands in it. */
export interface PendingChange {
  readonly pending: Pending
  /** Undefined where lines cannot be told. */
  readonly counts: LineCounts | undefined
}

/** Works out once what views ask for again and again: a three-way comparison of long files takes its time. */
export class PendingChanges {
  readonly #known = {
    session: new WeakMap<ReviewedFile, PendingChange & { readonly now: Content }>(),
    turn: new WeakMap<ReviewedFile, PendingChange & { readonly now: Content }>(),
  }

  /** Undefined in the scope of a turn that did nothing to the file. */
  of(file: ReviewedFile, scope: ReviewScope, now: Content): PendingChange | undefined {
    const known = this.#known[scope].get(file)
    if (known?.now === now) return known
    const span = spanIn(file, scope)
    if (!span) return undefined
    const pending = pendingIn(file, scope, now)
    const change = { now, pending, counts: countsOf(span, pending) }
    this.#known[scope].set(file, change)
    return change
  }
}
