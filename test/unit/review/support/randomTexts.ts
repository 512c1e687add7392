import { splitLines } from '../../../../src/review/lines.ts'
import type { Random } from '../../session/support/random.ts'

/** Few different lines, so that texts can be aligned in many ways; ends of all kinds, and none at the end. */
export function someText(random: Random): readonly string[] {
  const end = random.pick(['\n', '\r\n', '\n', '\r'])
  const lines = Array.from({ length: random.below(14) }, () => random.pick(['', 'a', 'b', '}', 'é€']))
  const mixed = lines.map((line) => line + (random.chance(0.1) ? '\n' : end))
  return splitLines(mixed.join('') + (random.chance(0.4) ? 'last' : ''))
}

let lastLine = 0

/** Inserts, replaces and deletes; what is written names its author. Lines of the user are only added to. */
export function edited(
  random: Random,
  text: readonly string[],
  author: 'agent' | 'user',
  turn = 0,
): readonly string[] {
  let lines = [...text]
  for (let count = random.below(5); count > 0; count--) {
    const at = random.below(lines.length + 1)
    const taken = random.below(3)
    const isOwn = lines.slice(at, at + taken).some((line) => line.includes('user'))
    const fresh = Array.from({ length: random.below(3) }, () => `${author}${turn}.${++lastLine}\n`)
    lines.splice(at, isOwn ? 0 : taken, ...fresh)
  }
  const isEnded = random.chance(0.7)
  lines = [...splitLines(lines.join(''))]
  const last = lines.at(-1)
  if (!isEnded && last !== undefined && !last.includes('user')) lines[lines.length - 1] = last.trimEnd()
  return splitLines(lines.join(''))
}

/** The lines that must never get lost. */
export function userLines(text: readonly string[]): readonly string[] {
  return text.filter((line) => line.includes('user'))
}
