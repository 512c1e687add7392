import assert from 'node:assert/strict'
import { hasSameLines, mergeTexts } from '../../../src/views/desk/textMerge.ts'
import { Random } from '../session/support/random.ts'

const labels = { mine: 'Yours', theirs: 'Theirs' }

describe('Merging two changes of one text', () => {
  const base = 'one\ntwo\nthree\nfour\nfive\n'

  it('keeps both where they do not touch', () => {
    const mine = 'one\nTWO\nthree\nfour\nfive\n'
    const theirs = 'one\ntwo\nthree\nfour\nFIVE\nsix\n'
    assert.deepEqual(mergeTexts({ base, mine, theirs }, labels), {
      text: 'one\nTWO\nthree\nfour\nFIVE\nsix\n',
      conflicts: 0,
    })
  })

  it('marks the place that both changed, with the words of both', () => {
    const mine = base.replace('three', 'mine')
    const theirs = base.replace('three', 'theirs')
    assert.deepEqual(mergeTexts({ base, mine, theirs }, labels), {
      text: 'one\ntwo\n<<<<<<< Yours\nmine\n=======\ntheirs\n>>>>>>> Theirs\nfour\nfive\n',
      conflicts: 1,
    })
  })

  it('sees no conflict in the same change made twice', () => {
    const both = base.replace('three', '3')
    assert.deepEqual(mergeTexts({ base, mine: both, theirs: both }, labels), { text: both, conflicts: 0 })
  })

  it('keeps the line ends of the user, and a missing one at the end', () => {
    const mine = 'one\r\nTWO\r\nthree\r\nfour\r\nfive'
    const theirs = 'one\ntwo\nthree\nfour\nfive\n'
    assert.deepEqual(mergeTexts({ base, mine, theirs }, labels), { text: mine, conflicts: 0 })
    assert.ok(hasSameLines('a\r\nb\r\n', 'a\nb\n'))
    assert.ok(!hasSameLines('a\n', 'a'))
  })

  it('merges a file of ten thousand lines, and texts without a common line, in little time', () => {
    const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index}`)
    const mine = lines.with(10, 'mine').join('\n')
    const theirs = lines.with(9_990, 'theirs').join('\n')
    const from = Date.now()
    const merged = mergeTexts({ base: lines.join('\n'), mine, theirs }, labels)
    assert.equal(merged.text, lines.with(10, 'mine').with(9_990, 'theirs').join('\n'))
    const other = lines.map((line) => `other ${line}`).join('\n')
    assert.equal(mergeTexts({ base: lines.join('\n'), mine, theirs: other }, labels).conflicts, 1)
    assert.ok(Date.now() - from < 15_000)
  })

  it('never loses a line of either side', () => {
    const random = new Random(7)
    for (let round = 0; round < 500; round++) {
      const lines = Array.from({ length: 1 + random.below(12) }, (_, index) => `base ${index}`)
      const change = (word: string): string =>
        lines
          .flatMap((line, index) => {
            const kind = random.below(6)
            if (kind === 0) return [`${word} ${index}`]
            if (kind === 1) return [line, `${word} after ${index}`]
            return kind === 2 ? [] : [line]
          })
          .join('\n')
      const texts = { base: lines.join('\n'), mine: change('mine'), theirs: change('theirs') }
      const { text, conflicts } = mergeTexts(texts, labels)
      for (const word of [texts.mine, texts.theirs]) {
        for (const line of word.split('\n').filter((each) => /^(mine|theirs)/.test(each))) {
          assert.ok(text.split('\n').includes(line), JSON.stringify({ ...texts, text }))
        }
      }
      assert.equal(mergeTexts({ ...texts, theirs: texts.base }, labels).text, texts.mine)
      assert.equal(mergeTexts({ ...texts, mine: texts.base }, labels).text, texts.theirs)
      assert.equal(mergeTexts({ ...texts, theirs: texts.mine }, labels).conflicts, 0)
      assert.equal(conflicts > 0, text.includes('<<<<<<<'))
    }
  })
})
