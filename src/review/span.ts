import { missing, sameContent } from './content.ts'
import type { Content } from './content.ts'
import { advance, hunksOf, openChange, settleHunk, undoClean } from './hunks.ts'
import type { Hunk, OpenChange } from './hunks.ts'

/** What the agent did to one file over some time, as far as it is not decided on. */
export interface Span {
  readonly before: Content
  readonly after: Content
  /** Place by place, where both are text in the same form; else the file is decided on as a whole. */
  readonly change: OpenChange | undefined
}

/** What waits for a decision in a file as it is now. */
export type Pending =
  | { readonly kind: 'none' }
  | { readonly kind: 'hunks'; readonly hunks: readonly Hunk[] }
  | {
      readonly kind: 'whole'
      readonly what: 'created' | 'deleted' | 'replaced'
      /** It is no longer what the agent left, so that it cannot be undone without a choice. */
      readonly isOverwritten: boolean
    }

export interface SpanUndo {
  readonly span: Span
  readonly now: Content
  /** Places that were left alone, because the user changed them later. */
  readonly overwritten: number
}

export function spanOf(before: Content, after: Content): Span {
  if (before.kind !== 'text' || after.kind !== 'text' || before.form !== after.form)
    return { before, after, change: undefined }
  return { before, after, change: openChange(before.lines, after.lines) }
}

/** A span whose change was decided on in part. */
export function withChange(span: Span, change: OpenChange): Span {
  const side = (content: Content, lines: readonly string[]): Content =>
    content.kind === 'text' ? { ...content, lines } : content
  return { before: side(span.before, change.before), after: side(span.after, change.after), change }
}

export function pendingOf({ before, after, change }: Span, now: Content): Pending {
  if (sameContent(before, after) || sameContent(before, now)) return { kind: 'none' }
  if (change && now.kind === 'text') {
    const hunks = hunksOf(change, now.lines)
    return hunks.length > 0 ? { kind: 'hunks', hunks } : { kind: 'none' }
  }
  const what = before.kind === 'missing' ? 'created' : after.kind === 'missing' ? 'deleted' : 'replaced'
  return { kind: 'whole', what, isOverwritten: !sameContent(after, now) }
}

/** All that can be undone without touching what the user wrote. */
export function undoSpan(span: Span, now: Content): SpanUndo {
  const pending = pendingOf(span, now)
  if (pending.kind === 'none') return { span: settled(span), now, overwritten: 0 }
  if (pending.kind === 'hunks' && span.change && now.kind === 'text') {
    const undone = undoClean(span.change, now.lines)
    const lines: Content = { ...now, lines: undone.now }
    return { span: withChange(span, undone.change), now: lines, overwritten: undone.overwritten }
  }
  if (pending.kind === 'whole' && !pending.isOverwritten)
    return { span: settled(span), now: span.before, overwritten: 0 }
  return { span, now, overwritten: 1 }
}

/** Nothing of the agent's is in the file any more. */
export function settled(span: Span): Span {
  return spanOf(span.before, span.before)
}

/** As `settled`, place by place where that is possible. */
export function settledAt(span: Span, hunk: Hunk): Span {
  return span.change ? withChange(span, settleHunk(span.change, hunk)) : settled(span)
}

/** The agent went on, from a file in which the user may have changed things meanwhile. */
export function advanceSpan(span: Span, start: Content, end: Content): Span {
  if (sameContent(span.after, start)) return spanOf(span.before, end)
  if (span.change && start.kind === 'text' && end.kind === 'text') {
    const { before } = advance(span.change, start.lines, end.lines)
    return spanOf({ ...start, lines: before }, end)
  }
  // A file that the user wrote, or took away, in between has its story begin there.
  return spanOf(start, end)
}

export interface LineCounts {
  readonly additions: number
  readonly deletions: number
}

/** Lines that came and went, of what waits in a span; undefined where they cannot be told. */
export function countsOf({ before, after }: Span, pending: Pending): LineCounts | undefined {
  if (pending.kind === 'none') return { additions: 0, deletions: 0 }
  if (pending.kind === 'hunks') {
    const sum = (side: 'before' | 'after'): number =>
      pending.hunks.reduce((total, hunk) => total + hunk[side].end - hunk[side].start, 0)
    return { additions: sum('after'), deletions: sum('before') }
  }
  const [from, to] = [lineCount(before), lineCount(after)]
  return from === undefined || to === undefined ? undefined : { additions: to, deletions: from }
}

function lineCount(content: Content): number | undefined {
  if (content.kind === missing.kind) return 0
  return content.kind === 'text' ? content.lines.length : undefined
}
