/** Whole lines of a document, 1-based and inclusive. */
export interface Lines {
  readonly start: number
  readonly end: number
}

/** One replacement, as VS Code tells of it: lines and characters from 0, in the text before. */
export interface TextChange {
  readonly range: {
    readonly start: { readonly line: number; readonly character: number }
    readonly end: { readonly line: number; readonly character: number }
  }
  readonly text: string
}

/**
 * Where lines stand after edits: edits above move them, edits inside make them longer or shorter. Undefined when
 * they were removed or replaced as a whole. The changes of one event do not touch each other.
 */
export function followLines(lines: Lines, changes: readonly TextChange[]): Lines | undefined {
  const fromBelow = [...changes].sort((left, right) => right.range.start.line - left.range.start.line)
  let current: Lines | undefined = lines
  for (const change of fromBelow) current &&= followChange(current, change)
  return current
}

function followChange(lines: Lines, { range, text }: TextChange): Lines | undefined {
  const [first, last] = [lines.start - 1, lines.end - 1]
  const added = text.split('\n').length - 1
  const delta = growthOf({ range, text })
  if (range.start.line > last) return lines
  if (isAbove(range, text, first)) return { start: lines.start + delta, end: lines.end + delta }
  const coversStart = range.start.line < first || (range.start.line === first && range.start.character === 0)
  if (
    coversStart &&
    (range.end.line > last || (range.end.line === last && text === '' && range.end.line > range.start.line))
  ) {
    return undefined
  }
  const start = range.start.line < first ? range.start.line + added : first
  const end = range.end.line > last ? range.start.line : last + delta
  return { start: start + 1, end: Math.max(start, end) + 1 }
}

/** Also what ends just before the first character of the lines, with a line break of its own. */
function isAbove({ start, end }: TextChange['range'], text: string, first: number): boolean {
  if (end.line < first) return true
  return end.line === first && end.character === 0 && (start.line < first || text.endsWith('\n'))
}

/**
 * Where lines that were removed or replaced as a whole stand in what the same changes, or later ones, brought in: an undo
 * puts them back, a new version of the file has them again. Lines that merely look the same are others.
 *
 * @param near where they stood, from 1
 */
export function findInChanges(
  changes: readonly TextChange[],
  wanted: string,
  near: number,
): Lines | undefined {
  for (const { range, text } of changes) {
    const above = changes.filter((other) => other.range.start.line < range.start.line)
    const first = range.start.line + above.reduce((sum, change) => sum + growthOf(change), 0)
    const found = findLines(text, wanted, near - first)
    if (found) return { start: first + found.start, end: first + found.end }
  }
  return undefined
}

function growthOf({ range, text }: TextChange): number {
  return text.split('\n').length - 1 - (range.end.line - range.start.line)
}

/** Where a text of whole lines stands in another; the place nearest to where it was. Undefined when nowhere. */
export function findLines(text: string, wanted: string, near: number): Lines | undefined {
  const lines = text.split(/\r?\n/)
  const block = wanted.split(/\r?\n/)
  const starts = lines.flatMap((_, index) =>
    block.every((line, offset) => lines[index + offset] === line) ? [index + 1] : [],
  )
  const start = starts.sort((left, right) => Math.abs(left - near) - Math.abs(right - near))[0]
  return start === undefined ? undefined : { start, end: start + block.length - 1 }
}
