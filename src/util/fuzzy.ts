/** How well a query fits, higher is better, and which characters of the text it took. */
export interface FuzzyMatch {
  readonly score: number
  readonly positions: readonly number[]
}

const longestText = 400
const longestQuery = 80
const bonus = { wordStart: 8, afterSlash: 10, consecutive: 9, inName: 3, sameCase: 1 }
const unreachable = -1_000_000

/**
 * Finds the letters of a query in a text in their order, as VS Code's quick open does: starts of words,
 * neighbours and the last segment of a path count more. Undefined when a letter is missing. Blanks in the
 * query are ignored; an empty query fits everything with score 0.
 */
export function fuzzyMatch(query: string, text: string): FuzzyMatch | undefined {
  const wanted = query.replaceAll(/\s+/g, '').slice(0, longestQuery)
  if (wanted === '') return { score: 0, positions: [] }
  const shown = text.slice(0, longestText)
  const [letters, place] = [wanted.toLowerCase(), shown.toLowerCase()]
  if (!isSubsequence(letters, place)) return undefined
  const table = fill({ wanted, letters, shown, place })
  return trace(table, letters.length, shown)
}

interface Sides {
  readonly wanted: string
  readonly letters: string
  readonly shown: string
  readonly place: string
}

/** Per letter of the query: the best score that ends at each character, and where the letter before stood. */
interface Row {
  readonly scores: Int32Array
  readonly before: Int16Array
}

function isSubsequence(letters: string, text: string): boolean {
  let from = 0
  for (const letter of letters) {
    const index = text.indexOf(letter, from)
    if (index < 0) return false
    from = index + letter.length
  }
  return true
}

function fill(sides: Sides): readonly Row[] {
  const rows: Row[] = []
  for (let row = 0; row < sides.letters.length; row++) rows.push(fillRow(sides, row, rows[row - 1]))
  return rows
}

function fillRow({ wanted, letters, shown, place }: Sides, row: number, last: Row | undefined): Row {
  const nameStart = shown.replace(/\/$/, '').lastIndexOf('/') + 1
  const scores = new Int32Array(shown.length).fill(unreachable)
  const before = new Int16Array(shown.length).fill(-1)
  let best = last ? { score: unreachable, at: -1 } : { score: 0, at: -1 }
  for (let at = row; at < shown.length; at++) {
    if (last) best = bestApart(last, at, best)
    if (place[at] !== letters[row]) continue
    const own = placeBonus(shown, at, nameStart) + (shown[at] === wanted[row] ? bonus.sameCase : 0)
    const joined = (last?.scores[at - 1] ?? unreachable) + bonus.consecutive
    const isJoined = joined >= best.score
    scores[at] = own + (isJoined ? joined : best.score)
    before[at] = isJoined ? at - 1 : best.at
  }
  return { scores, before }
}

interface Best {
  readonly score: number
  readonly at: number
}

/** The best place of the letter before that does not touch this one; each character in between costs a point. */
function bestApart(last: Row, at: number, best: Best): Best {
  const score = (last.scores[at - 2] ?? unreachable) - 2
  return score > best.score - 1 ? { score, at: at - 2 } : { score: best.score - 1, at: best.at }
}

function placeBonus(text: string, at: number, nameStart: number): number {
  const inName = at >= nameStart ? bonus.inName : 0
  const previous = text[at - 1]
  if (previous === undefined || previous === '/' || previous === '\\') return inName + bonus.afterSlash
  const isWordStart =
    /[\s._\-:()[\]]/.test(previous) || (/[a-z\d]/.test(previous) && /[A-Z]/.test(text[at] ?? ''))
  return inName + (isWordStart ? bonus.wordStart : 0)
}

function trace(rows: readonly Row[], count: number, text: string): FuzzyMatch | undefined {
  const last = rows[count - 1]
  if (!last) return undefined
  let at = last.scores.reduce((best, score, index) => (score > (last.scores[best] ?? 0) ? index : best), 0)
  const score = (last.scores[at] ?? unreachable) * 8 - text.length
  const positions: number[] = []
  for (let row = count - 1; row >= 0; row--) {
    positions.unshift(at)
    at = rows[row]?.before[at] ?? -1
  }
  return { score, positions }
}
