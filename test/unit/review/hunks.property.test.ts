import assert from 'node:assert/strict'
import {
  advance,
  followDecision,
  hunksOf,
  keepHunk,
  openChange,
  settleHunk,
  undoClean,
  undoneText,
} from '../../../src/review/hunks.ts'
import type { Hunk, OpenChange } from '../../../src/review/hunks.ts'
import { changesBetween } from '../../../src/review/lines.ts'
import { decodeText, encodeText } from '../../../src/review/textForm.ts'
import type { TextForm } from '../../../src/review/textForm.ts'
import { merge } from '../../../src/review/threeWay.ts'
import { Random } from '../session/support/random.ts'
import { edited, someText, userLines } from './support/randomTexts.ts'

const runs = 1500
const forms: readonly TextForm[] = [...(['utf8', 'utf8bom', 'utf16lebom', 'utf16bebom', 'latin1'] as const)]

describe('review: keep and undo in any order', () => {
  it('ends in exactly the bytes that the decisions add up to', () => {
    for (let seed = 1; seed <= runs; seed++) {
      const random = new Random(seed)
      const before = someText(random)
      const after = edited(random, before, 'agent')
      const places = changesBetween(before, after)
      const choices = places.map(() => random.chance(0.5))
      const ended = decide(random, openChange(before, after), after, (hunk, original) => {
        const index = places.findIndex(({ to }) => to.start === original.start && to.end === original.end)
        assert.notEqual(index, -1, `seed ${seed}: an unknown place ${JSON.stringify(hunk)}`)
        return choices[index] === true
      })
      const form = random.pick(forms)
      const expected = composed(before, after, choices)
      assert.deepEqual(encode(ended.now, form), encode(expected, form), `seed ${seed}`)
      assert.deepEqual(ended.change.before, ended.change.after, `seed ${seed}: something is left`)
      const bytes = encode(ended.now, form)
      const read = decodeText(bytes)
      assert.ok(read, `seed ${seed}: ${form} is no text`)
      assert.deepEqual(encodeText(read.text, read.form), bytes, `seed ${seed}`)
    }
  })

  it('never takes a line of the user, wherever and whenever it was written', () => {
    for (let seed = 1; seed <= runs; seed++) {
      const random = new Random(seed)
      const before = someText(random)
      const after = edited(random, before, 'agent')
      let change = openChange(before, after)
      let now = edited(random, after, 'user')
      for (let step = 0; step < 30; step++) {
        const hunks = hunksOf(change, now)
        if (hunks.length === 0) break
        const hunk = random.pick(hunks)
        const own = userLines(now)
        const isKept = random.chance(0.4)
        if (!isKept && !hunk.isOverwritten) now = undoneText(change, now, hunk)
        change = isKept ? keepHunk(change, hunk) : settleHunk(change, hunk)
        assert.deepEqual(userLines(now), own, `seed ${seed}, step ${step}`)
        if (random.chance(0.2)) now = edited(random, now, 'user', step)
      }
      assert.deepEqual(hunksOf(change, now), [], `seed ${seed}: decided places came back`)
    }
  })

  it('keeps the text when all is kept, and has the old one back when all is undone', () => {
    for (let seed = 1; seed <= runs; seed++) {
      const random = new Random(seed)
      const before = someText(random)
      const after = edited(random, before, 'agent')
      const undone = undoClean(openChange(before, after), after)
      assert.deepEqual(undone.now, before, `seed ${seed}`)
      assert.equal(undone.overwritten, 0)
      const kept = decide(random, openChange(before, after), after, () => true)
      assert.deepEqual(kept.now, after, `seed ${seed}`)
    }
  })

  it('goes on over several turns with edits of the user between them', () => {
    for (let seed = 1; seed <= runs; seed++) {
      const random = new Random(seed)
      const before = someText(random)
      let now = edited(random, before, 'agent')
      let change = openChange(before, now)
      for (let turn = 0; turn < 3; turn++) {
        const start = edited(random, now, 'user', turn)
        now = edited(random, start, 'agent', turn)
        change = advance(change, start, now)
        assert.deepEqual(change.after, now)
      }
      const own = userLines(now)
      const undone = undoClean(change, now)
      assert.equal(undone.overwritten, 0, `seed ${seed}`)
      for (const line of own) assert.ok(undone.now.includes(line), `seed ${seed}: lost ${line}`)
    }
  })

  it('has the text of before the first turn back when the user wrote nothing', () => {
    for (let seed = 1; seed <= runs; seed++) {
      const random = new Random(seed)
      const before = someText(random)
      let now = before
      let change = openChange(before, before)
      for (let turn = 0; turn < 3; turn++) {
        const next = edited(random, now, 'agent', turn)
        change = advance(change, now, next)
        now = next
      }
      assert.deepEqual(undoClean(change, now).now, before, `seed ${seed}`)
    }
  })

  it('takes a decision about the last turn over into the whole session', () => {
    for (let seed = 1; seed <= runs; seed++) {
      const random = new Random(seed)
      const before = someText(random)
      const turn = edited(random, before, 'agent')
      const after = edited(random, turn, 'agent', 1)
      const kept = followDecision(before, turn, after)
      for (const line of after.filter((each) => each.includes('agent1')))
        assert.ok(kept.includes(line), `seed ${seed}: ${line} is still open`)
    }
  })
})

describe('review: merge', () => {
  it('is the other side where one side changed nothing', () => {
    for (let seed = 1; seed <= runs; seed++) {
      const random = new Random(seed)
      const base = someText(random)
      const other = edited(random, base, 'user')
      assert.deepEqual(merge(base, base, other, 'left'), other, `seed ${seed}`)
      assert.deepEqual(merge(base, other, base, 'left'), other, `seed ${seed}`)
      assert.deepEqual(merge(base, other, other, 'left'), other, `seed ${seed}`)
    }
  })
})

/** Decides on all hunks in random order; `isKept` sees where each was in the agent's own text. */
function decide(
  random: Random,
  start: OpenChange,
  text: readonly string[],
  isKept: (hunk: Hunk, original: { start: number; end: number }) => boolean,
): { readonly change: OpenChange; readonly now: readonly string[] } {
  const originals = hunksOf(start, text)
  const left = originals.map(({ after }) => after)
  let [change, now] = [start, text]
  while (left.length > 0) {
    const hunks = hunksOf(change, now)
    assert.equal(hunks.length, left.length, 'deciding on one place changed the number of the others')
    const index = random.below(hunks.length)
    const hunk = hunks[index]
    const [original] = left.splice(index, 1)
    assert.ok(hunk && original)
    if (isKept(hunk, original)) change = keepHunk(change, hunk)
    else {
      now = undoneText(change, now, hunk)
      change = settleHunk(change, hunk)
    }
  }
  return { change, now }
}

function composed(
  before: readonly string[],
  after: readonly string[],
  isKept: readonly boolean[],
): readonly string[] {
  const result: string[] = []
  let position = 0
  changesBetween(before, after).forEach(({ from, to }, index) => {
    result.push(...before.slice(position, from.start))
    result.push(...(isKept[index] ? after.slice(to.start, to.end) : before.slice(from.start, from.end)))
    position = from.end
  })
  return [...result, ...before.slice(position)]
}

function encode(lines: readonly string[], form: TextForm): Buffer {
  const text = lines.join('')
  return encodeText(form === 'latin1' ? text.replaceAll('€', '¤') : text, form)
}
