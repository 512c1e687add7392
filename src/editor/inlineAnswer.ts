import { diffLines } from 'diff'

/** For the model, behind what the user asked. */
export const inlineFormat = [
  'This is an edit in place. Read what you need, change no file. Answer with at most one short sentence and then one',
  'fenced code block that holds the whole text which is to stand in the place of the selected lines, with the',
  'indentation that it must have there. Where that text has lines of backticks itself, the fence is longer than these.',
  'If the lines are to stay as they are, answer without a code block.',
].join(' ')

const contextLines = 2

/**
 * The text that an answer wants in the place of some lines, with line feeds and no line end at its end. Undefined when
 * the answer holds no block. One that was written at the margin is moved to where the lines stand.
 */
export function readReplacement(answer: string, lines: string): string | undefined {
  const { blocks } = partsOf(answer)
  // Of several blocks the longest is the one that was asked for; the others are remarks.
  const text = blocks.toSorted((left, right) => right.length - left.length)[0]
  return text === undefined ? undefined : indentLike(text, lines)
}

/** What an answer says besides its code. */
export function remarkOf(answer: string): string {
  return partsOf(answer).words.trim()
}

interface AnswerParts {
  /** What stands in fences, without them. */
  readonly blocks: readonly string[]
  readonly words: string
}

function partsOf(answer: string): AnswerParts {
  const lines = answer.replaceAll('\r\n', '\n').split('\n')
  const blocks: string[] = []
  const words: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const end = endOfBlock(lines, at)
    if (end === undefined) {
      words.push(lines[at] ?? '')
      continue
    }
    blocks.push(lines.slice(at + 1, end).join('\n'))
    words.push('')
    at = end
  }
  return { blocks, words: words.join('\n') }
}

/**
 * Where the block ends that a line begins, if it begins one. Models put Markdown that has blocks itself between fences
 * that are no longer: a fence with a language opens such a block, as long as all of them are closed.
 */
function endOfBlock(lines: readonly string[], start: number): number | undefined {
  const fence = /^(`{3,}|~{3,})[^`]*$/.exec(lines[start] ?? '')?.[1]
  if (fence === undefined) return undefined
  let depth = 0
  let first: number | undefined
  for (let at = start + 1; at < lines.length; at++) {
    const rest = behindFence(lines[at] ?? '', fence)
    if (rest === undefined) continue
    if (rest !== '') depth++
    else if (depth === 0) return at
    else {
      first ??= at
      depth--
    }
  }
  return first
}

/** What stands behind a fence as long as a given one or longer; undefined for other lines. */
function behindFence(line: string, fence: string): string | undefined {
  return line.startsWith(fence) ? /^[`~]+([^`]*)$/.exec(line)?.[1]?.trim() : undefined
}

/** The change as the lines of a diff, for the eye; long runs of equal lines are left out. */
export function previewOf(before: string, after: string): string {
  const changes = diffLines(`${before.replaceAll('\r\n', '\n')}\n`, `${after}\n`)
  const texts = changes.map(({ value, added, removed }, index) => {
    const lines = value.replace(/\n$/, '').split('\n')
    if (added) return marked('+', lines)
    if (removed) return marked('-', lines)
    return marked(' ', shorten(lines, { isFirst: index === 0, isLast: index === changes.length - 1 }))
  })
  return texts.join('\n')
}

function marked(sign: string, lines: readonly string[]): string {
  return lines.map((line) => `${sign} ${line}`).join('\n')
}

function shorten(
  lines: readonly string[],
  { isFirst, isLast }: { readonly isFirst: boolean; readonly isLast: boolean },
): readonly string[] {
  const head = isFirst ? 0 : contextLines
  const tail = isLast ? 0 : contextLines
  if (lines.length <= head + tail + 1) return lines
  return [...lines.slice(0, head), '…', ...lines.slice(lines.length - tail)]
}

function indentLike(text: string, lines: string): string {
  const outer = indentOf(lines)
  const inner = indentOf(text)
  if (outer === inner || !outer.startsWith(inner)) return text
  const more = outer.slice(inner.length)
  return text
    .split('\n')
    .map((line) => (line.trim() === '' ? line : more + line))
    .join('\n')
}

/** Of the first line that holds something. */
function indentOf(text: string): string {
  const first = text.split('\n').find((line) => line.trim() !== '')
  return /^[ \t]*/.exec(first ?? '')?.[0] ?? ''
}
