import { sameContent } from './content.ts'
import type { Content } from './content.ts'
import { followDecision, keepHunk, undoneText } from './hunks.ts'
import type { Hunk } from './hunks.ts'
import { replaceLines } from './lines.ts'
import { merge } from './threeWay.ts'
import { advanceSpan, pendingOf, settled, settledAt, spanOf, undoSpan, withChange } from './span.ts'
import type { Pending, Span, SpanUndo } from './span.ts'

/** Since when changes are looked at: since the session's first open one, or those of its last turn alone. */
export type ReviewScope = 'session' | 'turn'

/** One file of a session with what waits for a decision in it. Both spans end in the same text. */
export interface ReviewedFile {
  /** Absolute, on this machine. */
  readonly path: string
  /** Where it was before the agent moved it. */
  readonly from?: string
  /** Whether it was a program before; only where the agent changed that, by deleting it or otherwise. */
  readonly wasExecutable?: boolean
  readonly session: Span
  /** Undefined when the last turn did nothing to it. */
  readonly turn: Span | undefined
}

/** What an undo leaves: the file's record, what must stand in the file, and how many places it left alone. */
export interface FileUndo {
  readonly file: ReviewedFile
  readonly now: Content
  readonly overwritten: number
}

/** What the agent did in one go. Contents are those right before and right after it. */
export interface AgentStep {
  readonly path: string
  readonly from?: string
  readonly wasExecutable?: boolean
  readonly isExecutable?: boolean
  readonly start: Content
  readonly end: Content
  readonly isNewTurn: boolean
}

/** Adds what the agent did to what it had done. `file` is undefined for a file that it had not touched. */
export function afterStep(file: ReviewedFile | undefined, step: AgentStep): ReviewedFile {
  const { path, start, end } = step
  const from = step.from ?? file?.from
  const turn = file?.turn && !step.isNewTurn ? advanceSpan(file.turn, start, end) : spanOf(start, end)
  const wasExecutable = file?.wasExecutable ?? lostMode(step)
  const session = file ? advanceSpan(file.session, start, end) : spanOf(start, end)
  return {
    path,
    ...(from === undefined ? {} : { from }),
    ...(wasExecutable === undefined ? {} : { wasExecutable }),
    session,
    turn,
  }
}

function lostMode({ start, wasExecutable, isExecutable }: AgentStep): boolean | undefined {
  return start.kind !== 'missing' && wasExecutable !== isExecutable ? wasExecutable : undefined
}

/** The last turn is over and another one began; what it did counts for the session alone. */
export function withoutTurn(file: ReviewedFile): ReviewedFile {
  return { ...file, turn: undefined }
}

/** Undefined in the scope of a turn that did nothing to the file. */
export function spanIn(file: ReviewedFile, scope: ReviewScope): Span | undefined {
  return scope === 'turn' ? file.turn : file.session
}

export function pendingIn(file: ReviewedFile, scope: ReviewScope, now: Content): Pending {
  const span = spanIn(file, scope)
  return span ? pendingOf(span, now) : { kind: 'none' }
}

/** Whether nothing is left to decide on, whatever is done to the file later. */
export function isDecided({ session }: ReviewedFile): boolean {
  return sameContent(session.before, session.after)
}

/** The user agrees to one place, which does not change the file. */
export function keepPlace(whole: ReviewedFile, scope: ReviewScope, hunk: Hunk): ReviewedFile {
  const span = spanIn(whole, scope)
  if (!span?.change) return keepFile(whole, scope)
  const kept = withChange(span, keepHunk(span.change, hunk))
  // Who keeps a part keeps the mode.
  const { wasExecutable: _, ...file } = whole
  return scope === 'turn'
    ? { ...file, turn: kept, session: followed(file.session, span, kept) }
    : { ...file, session: kept, ...(file.turn ? { turn: keptAround(file.turn, hunk) } : {}) }
}

export function keepFile(file: ReviewedFile, scope: ReviewScope): ReviewedFile {
  const span = spanIn(file, scope)
  if (!span) return file
  const kept = spanOf(span.after, span.after)
  if (scope === 'session') return { path: file.path, session: kept, turn: file.turn && kept }
  const next = { ...file, turn: kept, session: followed(file.session, span, kept) }
  if (!isDecided(next)) return next
  const { from: _, ...stays } = next
  return stays
}

/** Takes back one place. It must not be overwritten: then the user chooses, see `settlePlace`. */
export function undoPlace(file: ReviewedFile, scope: ReviewScope, hunk: Hunk, now: Content): FileUndo {
  const span = spanIn(file, scope)
  if (!span?.change || now.kind !== 'text') return undoFile(file, scope, now)
  if (hunk.isOverwritten) return { file, now, overwritten: 1 }
  const lines = undoneText(span.change, now.lines, hunk)
  return { file: settlePlace(file, scope, hunk), now: { ...now, lines }, overwritten: 0 }
}

export function undoFile(file: ReviewedFile, scope: ReviewScope, now: Content): FileUndo {
  const span = spanIn(file, scope)
  if (!span) return { file, now, overwritten: 0 }
  const undone: SpanUndo = undoSpan(span, now)
  return { file: withSettled(file, scope, undone.span), now: undone.now, overwritten: undone.overwritten }
}

/** The user has made up one place, so it is no question any more. */
function settlePlace(file: ReviewedFile, scope: ReviewScope, hunk: Hunk): ReviewedFile {
  const span = spanIn(file, scope)
  return span ? withSettled(file, scope, settledAt(span, hunk)) : file
}

/** The same for all places of a file. */
export function settleFile(file: ReviewedFile, scope: ReviewScope): ReviewedFile {
  const span = spanIn(file, scope)
  return span ? withSettled(file, scope, settled(span)) : file
}

/** The one span lost something of the agent's: so does the other. */
function withSettled(file: ReviewedFile, scope: ReviewScope, span: Span): ReviewedFile {
  if (scope === 'turn') return { ...file, turn: span, session: spanOf(file.session.before, span.after) }
  if (!file.turn) return { ...file, session: span }
  const before = mergedContent(file.session.after, file.turn.before, span.after)
  return { ...file, session: span, turn: spanOf(before, span.after) }
}

function followed(session: Span, turn: Span, kept: Span): Span {
  const [long, from, to] = [session.before, turn.before, kept.before]
  if (sameContent(long, from)) return spanOf(to, session.after)
  if (long.kind !== 'text' || from.kind !== 'text' || to.kind !== 'text') return session
  return spanOf({ ...long, lines: followDecision(long.lines, from.lines, to.lines) }, session.after)
}

/** Keeps in the last turn what was kept in the whole session; both have the same lines after it. */
function keptAround(turn: Span, { after }: Hunk): Span {
  if (!turn.change) return turn
  const { before, after: lines } = turn.change
  const kept = turn.change.places
    .filter(({ to }) => to.start <= after.end && after.start <= to.end)
    .reverse()
    .reduce((text, { from, to }) => replaceLines(text, from, lines.slice(to.start, to.end)), before)
  return withSides(turn, kept)
}

function withSides(span: Span, before: readonly string[]): Span {
  return spanOf(span.before.kind === 'text' ? { ...span.before, lines: before } : span.before, span.after)
}

function mergedContent(base: Content, left: Content, right: Content): Content {
  if (sameContent(base, left)) return right
  if (base.kind !== 'text' || left.kind !== 'text' || right.kind !== 'text') return right
  return { ...right, lines: merge(base.lines, left.lines, right.lines, 'right') }
}
