import { changesBetween, linesIn, sameLines } from './lines.ts'
import type { LineChange, LineRange } from './lines.ts'

/** One place where at least one of two texts differs from the one that both come from. */
export interface MergeRegion {
  readonly base: LineRange
  readonly left: LineRange
  readonly right: LineRange
  /** Who changed it. `same`: both, to the same lines. `conflict`: both, to different ones. */
  readonly kind: 'left' | 'right' | 'same' | 'conflict'
}

export interface MergeOptions {
  /** Where `left` is known to differ, when it must be told in just those places. */
  readonly leftChanges?: readonly LineChange[]
  /** Whether changes that only touch are one place. */
  readonly joinsTouching?: boolean
}

/**
 * All places where `left` or `right` differ from `base`, in order. Unless told otherwise, changes that only touch stand
 * apart, so that each can be taken without the other; but not at the end of the text, where the last line may have no end.
 */
export function mergeRegions(
  base: readonly string[],
  left: readonly string[],
  right: readonly string[],
  { leftChanges = changesBetween(base, left), joinsTouching = false }: MergeOptions = {},
): readonly MergeRegion[] {
  const isJoined = (a: LineRange, b: LineRange): boolean =>
    overlaps(a, b, base.length) || (joinsTouching && a.end === b.start)
  const groups = groupChanges(leftChanges, changesBetween(base, right), isJoined)
  const regions: MergeRegion[] = []
  let [leftShift, rightShift] = [0, 0]
  for (const { range, left: inLeft, right: inRight } of groups) {
    const leftRange = shifted(range, leftShift, growth(inLeft))
    const rightRange = shifted(range, rightShift, growth(inRight))
    leftShift += growth(inLeft)
    rightShift += growth(inRight)
    const isSame = sameLines(linesIn(left, leftRange), linesIn(right, rightRange))
    const kind = inRight.length === 0 ? 'left' : inLeft.length === 0 ? 'right' : isSame ? 'same' : 'conflict'
    regions.push({ base: range, left: leftRange, right: rightRange, kind })
  }
  return regions
}

/**
 * One text with the changes of both; where both changed the same place, `onConflict` says whose lines stand there.
 */
export function merge(
  base: readonly string[],
  left: readonly string[],
  right: readonly string[],
  onConflict: 'left' | 'right',
): readonly string[] {
  const result: string[] = []
  let position = 0
  for (const region of mergeRegions(base, left, right)) {
    result.push(...base.slice(position, region.base.start))
    const side = region.kind === 'conflict' ? onConflict : region.kind
    result.push(...(side === 'left' ? linesIn(left, region.left) : linesIn(right, region.right)))
    position = region.base.end
  }
  return [...result, ...base.slice(position)]
}

interface Group {
  readonly range: LineRange
  readonly left: readonly LineChange[]
  readonly right: readonly LineChange[]
}

interface OpenGroup {
  range: LineRange
  left: LineChange[]
  right: LineChange[]
}

function groupChanges(
  left: readonly LineChange[],
  right: readonly LineChange[],
  isJoined: (a: LineRange, b: LineRange) => boolean,
): readonly Group[] {
  const all = [
    ...left.map((change) => ({ side: 'left' as const, change })),
    ...right.map((change) => ({ side: 'right' as const, change })),
  ].sort((a, b) => compareRanges(a.change.from, b.change.from))
  const groups: OpenGroup[] = []
  for (const { side, change } of all) {
    const last = groups.at(-1)
    if (last && isJoined(last.range, change.from)) {
      last[side].push(change)
      last.range = { start: last.range.start, end: Math.max(last.range.end, change.from.end) }
    } else {
      groups.push({ range: change.from, left: [], right: [], [side]: [change] })
    }
  }
  return groups
}

/** An insertion comes before what starts at the same line. */
function compareRanges(a: LineRange, b: LineRange): number {
  return a.start - b.start || a.end - b.end
}

/** `b` does not start before `a`. */
function overlaps(a: LineRange, b: LineRange, length: number): boolean {
  if (b.start < a.end) return true
  const areInsertions = a.start === a.end && b.start === b.end
  const isAtEnd = b.start === length
  return b.start === a.end && (areInsertions || isAtEnd)
}

function growth(changes: readonly LineChange[]): number {
  return changes.reduce((sum, { from, to }) => sum + (to.end - to.start) - (from.end - from.start), 0)
}

function shifted({ start, end }: LineRange, by: number, growth: number): LineRange {
  return { start: start + by, end: end + by + growth }
}
