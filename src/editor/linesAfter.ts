import type { Lines } from '../prompt/follow.ts'
import { changesBetween } from '../review/lines.ts'

/** Where lines went from one version of a text to a later one. */
export interface MovedLines {
  readonly lines: Lines
  /** Whether none of them is another one now. */
  readonly isSame: boolean
}

/** Undefined when all of them are gone. Line ends do not matter. */
export function linesAfter(before: string, after: string, { start, end }: Lines): MovedLines | undefined {
  const changes = changesBetween(before.split(/\r?\n/), after.split(/\r?\n/))
  const own = { start: start - 1, end }
  const above = changes.filter(({ from }) => from.end <= own.start)
  const inside = changes.filter(({ from }) => from.end > own.start && from.start < own.end)
  const shift = sizeOf(above)
  const [first, last] = [inside[0], inside.at(-1)]
  if (!first || !last) return { lines: { start: start + shift, end: end + shift }, isSame: true }
  const newStart = first.from.start <= own.start ? first.to.start : own.start + shift
  const newEnd = last.from.end >= own.end ? last.to.end : own.end + shift + sizeOf(inside)
  return newEnd <= newStart ? undefined : { lines: { start: newStart + 1, end: newEnd }, isSame: false }
}

type Changes = ReturnType<typeof changesBetween>

/** By how many lines the text grew. */
function sizeOf(changes: Changes): number {
  return changes.reduce((sum, { from, to }) => sum + (to.end - to.start) - (from.end - from.start), 0)
}
