import { parsePatch } from 'diff'

/** A problem as far as it tells old from new. */
export interface KnownProblem {
  /** Severity, source, code and message: the place may move. */
  readonly key: string
  /** From 0. */
  readonly firstLine: number
  readonly lastLine: number
}

/** Lines of a file after a change; from 0, `end` is not one of them. */
export interface LineSpan {
  readonly start: number
  readonly end: number
}

/**
 * The problems that a change brought up. Where nothing was known of the file before it, because no language
 * service had looked at it, only those on the changed lines count; without those too, all.
 */
export function freshProblems<Problem extends KnownProblem>(
  now: readonly Problem[],
  before: readonly KnownProblem[] | undefined,
  changed: readonly LineSpan[] | undefined,
): readonly Problem[] {
  if (before) return withoutKnown(now, before)
  if (!changed) return now
  return now.filter(({ firstLine, lastLine }) =>
    changed.some(({ start, end }) => firstLine < end && lastLine >= start),
  )
}

/** Where a patch put its lines; a place where lines were only removed counts as the line that is there now. */
export function changedSpans(patch: string): readonly LineSpan[] | undefined {
  try {
    const hunks = parsePatch(patch).flatMap((file) => file.hunks)
    return hunks.flatMap(({ newStart, lines }) => {
      const spans: LineSpan[] = []
      let at = newStart - 1
      for (const line of lines) {
        if (line.startsWith('+')) spans.push({ start: at, end: ++at })
        else if (line.startsWith('-')) spans.push({ start: at, end: at + 1 })
        else if (line.startsWith(' ')) at++
      }
      return spans
    })
  } catch {
    return undefined
  }
}

function withoutKnown<Problem extends KnownProblem>(
  now: readonly Problem[],
  before: readonly KnownProblem[],
): readonly Problem[] {
  const left = new Map<string, number>()
  for (const { key } of before) left.set(key, (left.get(key) ?? 0) + 1)
  return now.filter(({ key }) => {
    const count = left.get(key) ?? 0
    left.set(key, count - 1)
    return count <= 0
  })
}
