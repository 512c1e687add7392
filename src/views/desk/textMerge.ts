import { linesIn, sameLines } from '../../review/lines.ts'
import { mergeRegions } from '../../review/threeWay.ts'

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

/**
 * Joins two changes of one text line by line, whatever their line ends. Changes that touch each other and differ are a
 * conflict: unlike in a review, nobody looks at them one by one.
 */
export function mergeTexts({ base, mine, theirs }: ThreeTexts, labels: MergeLabels): MergedText {
  const eol = lineEnd(mine) ?? lineEnd(theirs) ?? '\n'
  const [lines, left, right] = [toLines(base), toLines(mine), toLines(theirs)]
  const merged: string[] = []
  let conflicts = 0
  let at = 0
  for (const region of mergeRegions(lines, left, right, { joinsTouching: true })) {
    const [kept, written] = [linesIn(left, region.left), linesIn(right, region.right)]
    merged.push(...lines.slice(at, region.base.start))
    at = region.base.end
    if (region.kind === 'conflict') {
      conflicts++
      merged.push(`<<<<<<< ${labels.mine}`, ...kept, '=======', ...written, `>>>>>>> ${labels.theirs}`)
    } else merged.push(...(region.kind === 'right' ? written : kept))
  }
  merged.push(...lines.slice(at))
  return { text: merged.join(eol), conflicts }
}

/** Whether two texts differ in nothing but their line ends. */
export function hasSameLines(left: string, right: string): boolean {
  return left === right || sameLines(toLines(left), toLines(right))
}

function toLines(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/)
}

function lineEnd(text: string): string | undefined {
  return /\r\n|\n|\r/.exec(text)?.[0]
}
