import { parsePatch } from 'diff'
import { formatNumber } from '../components/format.ts'
import { memo } from '../components/memo.tsx'

const largestPatch = 200_000

interface DiffLine {
  readonly kind: 'added' | 'removed' | 'same'
  readonly number: number
  readonly text: string
}

interface DiffProps {
  readonly patch: string
  readonly limit: number
  /** Whether it begins at the change, because there is little room. */
  readonly isTight?: boolean
}

/** The first lines of a unified diff, in the colours of the diff editor. */
export const Diff = memo(function Diff({ patch, limit, isTight = false }: DiffProps) {
  const { lines, hidden } = readPatch(patch, limit, isTight)
  if (lines.length === 0) return null
  return (
    <div class="diff" role="group" aria-label="Changes" tabIndex={0} dir="ltr">
      <div class="diff-lines">
        {lines.map((line, index) => (
          <div key={index} class={`diff-line ${line.kind}`}>
            <span class="diff-number" aria-hidden="true">
              {line.number}
            </span>
            <span class="diff-sign">{signs[line.kind]}</span>
            <span class="diff-text">{line.text}</span>
          </div>
        ))}
      </div>
      {hidden > 0 ? <div class="diff-more">{formatNumber(hidden)} more changed lines</div> : undefined}
    </div>
  )
})

const signs = { added: '+', removed: '−', same: ' ' } as const

function readPatch(
  patch: string,
  limit: number,
  isTight: boolean,
): { readonly lines: readonly DiffLine[]; readonly hidden: number } {
  const hunks = parse(patch)
  const first = hunks[0]
  if (!first) return { lines: [], hidden: 0 }
  const all = numberLines(first.lines, first.oldStart, first.newStart)
  const lines = trim(all, limit, isTight)
  const changed = hunks.reduce((sum, hunk) => sum + hunk.lines.filter(isChange).length, 0)
  return { lines, hidden: changed - lines.filter((line) => line.kind !== 'same').length }
}

function parse(patch: string) {
  try {
    return parsePatch(patch.slice(0, largestPatch)).flatMap((file) => file.hunks)
  } catch {
    return []
  }
}

function isChange(line: string): boolean {
  return line.startsWith('+') || line.startsWith('-')
}

function numberLines(lines: readonly string[], oldStart: number, newStart: number): readonly DiffLine[] {
  let before = oldStart
  let after = newStart
  return lines
    .filter((line) => !line.startsWith('\\'))
    .map((line) => {
      const text = line.slice(1, 500)
      if (line.startsWith('+')) return { kind: 'added', number: after++, text }
      if (line.startsWith('-')) return { kind: 'removed', number: before++, text }
      before++
      return { kind: 'same', number: after++, text }
    })
}

/** Starts one line before the first change, so that short limits show what was changed. */
function trim(lines: readonly DiffLine[], limit: number, isTight: boolean): readonly DiffLine[] {
  if (lines.length <= limit && !isTight) return lines
  const first = lines.findIndex((line) => line.kind !== 'same')
  const start = Math.max(0, first - 1)
  return lines.slice(start, start + limit)
}
