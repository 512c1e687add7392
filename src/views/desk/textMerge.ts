import { diffArrays } from 'diff'

/** Three states of one text: what both sides began with, the user's, and the agent's. */
export interface ThreeTexts {
  readonly base: string
  readonly mine: string
  readonly theirs: string
}

export interface MergedText {
  /** With the line ends of `mine`; places that both changed stand between conflict marks. */
  readonly text: string
  readonly conflicts: number
}

export interface MergeLabels {
  readonly mine: string
  readonly theirs: string
}

interface Hunk {
  /** Lines of the base, from 0; `end` is not one of them. */
  readonly start: number
  readonly end: number
  readonly lines: readonly string[]
}

const diffTimeoutMs = 2_000

/** Joins two changes of one text line by line. Changes that touch each other and differ are a conflict. */
export function mergeTexts({ base, mine, theirs }: ThreeTexts, labels: MergeLabels): MergedText {
  const eol = lineEnd(mine) ?? lineEnd(theirs) ?? '\n'
  const lines = toLines(base)
  const [left, right] = [hunksOf(lines, toLines(mine)), hunksOf(lines, toLines(theirs))]
  const merged: string[] = []
  let conflicts = 0
  let at = 0
  for (const { start, end, ours, others } of groups(left, right)) {
    merged.push(...lines.slice(at, start))
    at = end
    const kept = applied(lines, { start, end }, ours)
    const written = applied(lines, { start, end }, others)
    if (others.length === 0 || isSame(kept, written)) merged.push(...kept)
    else if (ours.length === 0) merged.push(...written)
    else {
      conflicts++
      merged.push(`<<<<<<< ${labels.mine}`, ...kept, '=======', ...written, `>>>>>>> ${labels.theirs}`)
    }
  }
  merged.push(...lines.slice(at))
  return { text: merged.join(eol), conflicts }
}

/** Whether two texts differ in nothing but their line ends. */
export function hasSameLines(left: string, right: string): boolean {
  return left === right || isSame(toLines(left), toLines(right))
}

interface Group {
  readonly start: number
  readonly end: number
  readonly ours: readonly Hunk[]
  readonly others: readonly Hunk[]
}

/** Changes of both sides that touch each other belong together. */
function* groups(left: readonly Hunk[], right: readonly Hunk[]): Generator<Group> {
  const all = [
    ...left.map((hunk) => ({ hunk, isOurs: true })),
    ...right.map((hunk) => ({ hunk, isOurs: false })),
  ].toSorted((one, other) => one.hunk.start - other.hunk.start || one.hunk.end - other.hunk.end)
  for (let first = 0; first < all.length;) {
    const start = all[first]?.hunk.start ?? 0
    let end = start
    let next = first
    for (let each = all[next]; each && each.hunk.start <= end; each = all[next]) {
      end = Math.max(end, each.hunk.end)
      next++
    }
    const members = all.slice(first, next)
    const side = (isOurs: boolean) => members.filter((each) => each.isOurs === isOurs).map(({ hunk }) => hunk)
    yield { start, end, ours: side(true), others: side(false) }
    first = next
  }
}

/** A stretch of the base as one side has it. */
function applied(
  base: readonly string[],
  { start, end }: Pick<Hunk, 'start' | 'end'>,
  hunks: readonly Hunk[],
): readonly string[] {
  const lines: string[] = []
  let at = start
  for (const hunk of hunks) {
    lines.push(...base.slice(at, hunk.start), ...hunk.lines)
    at = hunk.end
  }
  return [...lines, ...base.slice(at, end)]
}

/** Two texts that have hardly a line in common would take very long: then all of it is one change. */
function hunksOf(base: readonly string[], other: readonly string[]): readonly Hunk[] {
  const changes = diffArrays([...base], [...other], { timeout: diffTimeoutMs })
  if (changes === undefined) return [{ start: 0, end: base.length, lines: other }]
  const hunks: Hunk[] = []
  let at = 0
  let open: { start: number; end: number; lines: string[] } | undefined
  for (const { added, removed, value } of changes) {
    if (!added && !removed) {
      if (open) hunks.push(open)
      open = undefined
      at += value.length
      continue
    }
    open ??= { start: at, end: at, lines: [] }
    if (added) open.lines.push(...value)
    else open.end = at += value.length
  }
  if (open) hunks.push(open)
  return hunks
}

function toLines(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/)
}

function lineEnd(text: string): string | undefined {
  return /\r\n|\n|\r/.exec(text)?.[0]
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((line, index) => line === right[index])
}
