import { matchesIn } from './matcher.ts'

const allName = 'transcript-match'
const currentName = 'transcript-match-current'
const skipped = '.visually-hidden, .codicon, .message-tools, .code-head, .button-row, .prompt-sign'
const boundaries = 'p, li, pre, td, th, h1, h2, h3, h4, h5, h6, dt, dd, button, summary, .diff-line, div'

/** The matches inside an element as ranges, in reading order. A match may span several text nodes of one line. */
export function rangesIn(element: Element, pattern: RegExp): readonly Range[] {
  const { text, pieces } = readText(element)
  return matchesIn(text, pattern).flatMap(([start, end]) => toRange(pieces, start, end) ?? [])
}

/** Marks these ranges without touching the page's elements. */
export function paint(ranges: readonly Range[], current: Range | undefined): void {
  CSS.highlights.set(allName, new Highlight(...ranges.filter((range) => range !== current)))
  CSS.highlights.set(currentName, new Highlight(...(current ? [current] : [])))
}

export function clearPaint(): void {
  CSS.highlights.delete(allName)
  CSS.highlights.delete(currentName)
}

interface Piece {
  readonly node: Text
  /** Where the node's text starts in the whole. */
  readonly start: number
}

function readText(root: Element): { readonly text: string; readonly pieces: readonly Piece[] } {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement?.closest(skipped) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  )
  const pieces: Piece[] = []
  let text = ''
  let last: Element | null | undefined
  for (let node = walker.nextNode(); node instanceof Text; node = walker.nextNode()) {
    const line = node.parentElement?.closest(boundaries)
    // Words of two paragraphs are not one word.
    if (last !== undefined && line !== last) text += '\n'
    last = line
    pieces.push({ node, start: text.length })
    text += node.data
  }
  return { text, pieces }
}

function toRange(pieces: readonly Piece[], start: number, end: number): Range | undefined {
  const first = pieces.findLast((piece) => piece.start <= start)
  const last = pieces.findLast((piece) => piece.start < end)
  if (!first || !last) return undefined
  const range = document.createRange()
  range.setStart(first.node, Math.min(start - first.start, first.node.length))
  range.setEnd(last.node, Math.min(end - last.start, last.node.length))
  return range
}
