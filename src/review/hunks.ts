import { changesBetween, linesIn, replaceLines } from './lines.ts'
import type { LineChange, LineRange } from './lines.ts'
import { merge, mergeRegions } from './threeWay.ts'

/**
 * What the agent did to a text and nobody decided on yet: `before` without its changes, `after` with them. What the
 * user changed since is in neither.
 */
export interface OpenChange {
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Where they differ. Fixed when the change is made, so that deciding on one place moves no other. */
  readonly places: readonly LineChange[]
}

/** One place to decide on, as ranges of three texts. */
export interface Hunk {
  readonly before: LineRange
  readonly after: LineRange
  /** Where it is in the text as it is now. */
  readonly now: LineRange
  /** The user changed the same place later, so that it cannot be undone without a choice. */
  readonly isOverwritten: boolean
}

export function openChange(before: readonly string[], after: readonly string[]): OpenChange {
  return { before, after, places: changesBetween(before, after) }
}

/** The places to decide on, from top to bottom. A place that looks as it did before is none any more. */
export function hunksOf({ before, after, places }: OpenChange, now: readonly string[]): readonly Hunk[] {
  const backwards = places.map(({ from, to }) => ({ from: to, to: from }))
  return mergeRegions(after, before, now, { leftChanges: backwards }).flatMap(
    ({ base, left, right, kind }) =>
      kind === 'left' || kind === 'conflict'
        ? [{ before: left, after: base, now: right, isOverwritten: kind === 'conflict' }]
        : [],
  )
}

/** The agent's lines count as those of before from now on, whatever the user made of them. */
export function keepHunk(change: OpenChange, hunk: Hunk): OpenChange {
  const { before, after } = change
  const lines = linesIn(after, hunk.after)
  return {
    before: replaceLines(before, hunk.before, lines),
    after,
    places: withoutPlaces(change, hunk, { from: growth(hunk.before, hunk.after), to: 0 }),
  }
}

/** There is nothing of the agent's in this place any more, whatever stands there now. */
export function settleHunk(change: OpenChange, hunk: Hunk): OpenChange {
  const { before, after } = change
  const lines = linesIn(before, hunk.before)
  return {
    before,
    after: replaceLines(after, hunk.after, lines),
    places: withoutPlaces(change, hunk, { from: 0, to: growth(hunk.after, hunk.before) }),
  }
}

/** The text as it is now with the lines of before in one place. */
export function undoneText(change: OpenChange, now: readonly string[], hunk: Hunk): readonly string[] {
  return replaceLines(now, hunk.now, linesIn(change.before, hunk.before))
}

/** What an undo of a whole text comes to: the user's own lines stay, and so do the places that they are in. */
export interface CleanUndo {
  readonly change: OpenChange
  readonly now: readonly string[]
  /** How many places were left alone. */
  readonly overwritten: number
}

/** Undoes all that can be undone without touching the user's lines. */
export function undoClean(change: OpenChange, now: readonly string[]): CleanUndo {
  const hunks = hunksOf(change, now)
  // From the bottom up, so that the ranges of those above still hold.
  const clean = hunks.filter(({ isOverwritten }) => !isOverwritten).reverse()
  return {
    change: clean.reduce(settleHunk, change),
    now: clean.reduce((lines, hunk) => undoneText(change, lines, hunk), now),
    overwritten: hunks.length - clean.length,
  }
}

/**
 * The agent went on: from `start`, where the user may have changed things since `change.after`, to `end`. A place
 * that both had changed belongs to the user from now on.
 */
export function advance(
  { before, after }: OpenChange,
  start: readonly string[],
  end: readonly string[],
): OpenChange {
  return openChange(merge(after, before, start, 'right'), end)
}

/**
 * Decides in a longer change what was decided in a shorter one that is part of it: `turn` became `decided`. Where
 * the longer one has more to it, that is decided as well.
 */
export function followDecision(
  long: readonly string[],
  turn: readonly string[],
  decided: readonly string[],
): readonly string[] {
  return merge(turn, long, decided, 'right')
}

function withoutPlaces(
  { places }: OpenChange,
  hunk: Hunk,
  shift: { readonly from: number; readonly to: number },
): readonly LineChange[] {
  return places.flatMap((place) => {
    if (isWithin(place, hunk)) return []
    if (place.to.start < hunk.after.end || place.from.start < hunk.before.end) return [place]
    return [{ from: moved(place.from, shift.from), to: moved(place.to, shift.to) }]
  })
}

function isWithin({ from, to }: LineChange, hunk: Hunk): boolean {
  return contains(hunk.after, to) && contains(hunk.before, from)
}

function contains(outer: LineRange, inner: LineRange): boolean {
  return outer.start <= inner.start && inner.end <= outer.end
}

function moved({ start, end }: LineRange, by: number): LineRange {
  return { start: start + by, end: end + by }
}

function growth(from: LineRange, to: LineRange): number {
  return to.end - to.start - (from.end - from.start)
}
