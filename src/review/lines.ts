import { diffArrays } from 'diff'

/** A range of lines, 0-based; `end` is not part of it. */
export interface LineRange {
  readonly start: number
  readonly end: number
}

/** One place where two texts differ. */
export interface LineChange {
  readonly from: LineRange
  readonly to: LineRange
}

/** More differing lines than this are one change as a whole: finer ones would take too long to find. */
const mostEdits = 1_500

/** Lines with their ends, so that joined they are the text again. The last one has no end unless the text has. */
export function splitLines(text: string): readonly string[] {
  return text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? []
}

/** Where `to` differs from `from`: in order, with at least one equal line between two places. */
export function changesBetween(from: readonly string[], to: readonly string[]): readonly LineChange[] {
  const head = commonHead(from, to)
  const tail = commonTail(from, to, head)
  const fromEnd = from.length - tail
  const toEnd = to.length - tail
  if (head === fromEnd && head === toEnd) return []
  const parts = diffArrays(from.slice(head, fromEnd), to.slice(head, toEnd), { maxEditLength: mostEdits })
  if (!parts) return [{ from: { start: head, end: fromEnd }, to: { start: head, end: toEnd } }]
  return joinParts(parts, head)
}

/** A copy in which a range is replaced. */
export function replaceLines(
  lines: readonly string[],
  { start, end }: LineRange,
  by: readonly string[],
): readonly string[] {
  return [...lines.slice(0, start), ...by, ...lines.slice(end)]
}

export function linesIn(lines: readonly string[], { start, end }: LineRange): readonly string[] {
  return lines.slice(start, end)
}

export function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index])
}

interface Part {
  readonly added: boolean
  readonly removed: boolean
  readonly value: readonly string[]
}

function joinParts(parts: readonly Part[], offset: number): readonly LineChange[] {
  const changes: LineChange[] = []
  let [from, to] = [offset, offset]
  let open: { readonly from: number; readonly to: number } | undefined
  const close = (): void => {
    if (open) changes.push({ from: { start: open.from, end: from }, to: { start: open.to, end: to } })
    open = undefined
  }
  for (const { added, removed, value } of parts) {
    if (added || removed) open ??= { from, to }
    else close()
    if (!added) from += value.length
    if (!removed) to += value.length
  }
  close()
  return changes
}

function commonHead(a: readonly string[], b: readonly string[]): number {
  const most = Math.min(a.length, b.length)
  let count = 0
  while (count < most && a[count] === b[count]) count++
  return count
}

function commonTail(a: readonly string[], b: readonly string[], head: number): number {
  const most = Math.min(a.length, b.length) - head
  let count = 0
  while (count < most && a[a.length - 1 - count] === b[b.length - 1 - count]) count++
  return count
}
