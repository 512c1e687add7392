/** Where a block of code belongs in a file: lines from `start` up to `end` (0-based, exclusive) give way to it. */
export interface CodePlace {
  readonly start: number
  readonly end: number
  readonly how: 'selection' | 'same-lines' | 'whole-file' | 'cursor'
}

export interface PlaceOptions {
  /** Lines that the user selected, if any (0-based, end exclusive). */
  readonly selection?: { readonly start: number; readonly end: number }
  /** Where the cursor stands, 0-based. */
  readonly cursor: number
}

/** Above this share of lines that the file has as well, code counts as the whole file. */
const wholeFileShare = 0.6
/** Too few lines say nothing of what the rest may be. */
const fewestLines = 3

/**
 * A guess that the user sees as a diff before anything happens: the selection; else the lines that begin
 * and end like the code; else the whole file where most of it is repeated; else the cursor.
 */
export function placeCode(file: string, code: string, options: PlaceOptions): CodePlace {
  if (options.selection) return { ...options.selection, how: 'selection' }
  const lines = file.split(/\r?\n/)
  const wanted = code.split(/\r?\n/)
  if (file.trim() === '') return { start: 0, end: lines.length, how: 'whole-file' }
  if (isWholeFile(lines, wanted)) return { start: 0, end: lines.length, how: 'whole-file' }
  const same = findSame(lines, wanted)
  if (same) return { ...same, how: 'same-lines' }
  const cursor = Math.min(options.cursor, lines.length)
  return { start: cursor, end: cursor, how: 'cursor' }
}

/** The file's text with the code in that place; line endings and the last line break stay the file's own. */
export function putCode(file: string, code: string, place: CodePlace): string {
  const lineEnd = file.includes('\r\n') ? '\r\n' : '\n'
  const lines = file.split(/\r?\n/)
  const wanted = code.replace(/\r?\n$/, '').split(/\r?\n/)
  const isWhole = place.start === 0 && place.end === lines.length
  const last = isWhole && file.endsWith('\n') ? [''] : []
  const next = [...lines.slice(0, place.start), ...indent(wanted, lines, place), ...lines.slice(place.end)]
  return [...next, ...last].join(lineEnd)
}

function isWholeFile(lines: readonly string[], wanted: readonly string[]): boolean {
  const known = new Set(meaningful(wanted))
  const own = [...new Set(meaningful(lines))]
  if (own.length < fewestLines) return false
  const isStart = meaningful(wanted)[0] === own[0]
  return isStart && own.filter((line) => known.has(line)).length / own.length > wholeFileShare
}

/** The only run of lines that begins like the code begins and ends like it ends. */
function findSame(
  lines: readonly string[],
  wanted: readonly string[],
): { readonly start: number; readonly end: number } | undefined {
  const first = wanted.find((line) => line.trim() !== '')
  const last = wanted.findLast((line) => line.trim() !== '')
  if (first === undefined || last === undefined) return undefined
  const starts = lines.flatMap((line, index) => (line.trim() === first.trim() ? [index] : []))
  const start = starts[0]
  if (starts.length !== 1 || start === undefined) return undefined
  const depth = indentOf(lines[start] ?? '')
  const end = lines.findIndex(
    (line, index) => index > start && line.trim() === last.trim() && indentOf(line) === depth,
  )
  return { start, end: (end < 0 ? start : end) + 1 }
}

/** Code that a model wrote at the margin goes to the depth of what it replaces. */
function indent(wanted: readonly string[], lines: readonly string[], place: CodePlace): readonly string[] {
  if (place.how !== 'same-lines') return wanted
  const outer = /^\s*/.exec(lines[place.start] ?? '')?.[0] ?? ''
  const inner = /^\s*/.exec(wanted.find((line) => line.trim() !== '') ?? '')?.[0] ?? ''
  if (outer === inner || !outer.startsWith(inner)) return wanted
  const more = outer.slice(inner.length)
  return wanted.map((line) => (line.trim() === '' ? line : more + line))
}

function meaningful(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.trim()).filter((line) => line.length > 2)
}

function indentOf(line: string): number {
  return /^\s*/.exec(line)?.[0].length ?? 0
}
