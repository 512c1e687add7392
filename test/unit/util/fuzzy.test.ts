import assert from 'node:assert/strict'
import { fuzzyMatch } from '../../../src/util/fuzzy.ts'

describe('A fuzzy search', () => {
  const best = (query: string, texts: readonly string[]) =>
    texts
      .flatMap((text) => {
        const match = fuzzyMatch(query, text)
        return match ? [{ text, score: match.score }] : []
      })
      .sort((left, right) => right.score - left.score)
      .map(({ text }) => text)

  it('finds letters in their order and says where', () => {
    assert.deepEqual(fuzzyMatch('grg', 'src/greeting.ts')?.positions, [4, 5, 11])
    assert.equal(fuzzyMatch('gq', 'src/greeting.rs'), undefined)
    assert.deepEqual(fuzzyMatch('', 'a'), { score: 0, positions: [] })
  })

  it('puts the name of a file before its folders', () => {
    assert.equal(best('add', ['add/other.ts', 'src/add.ts', 'src/bad-dish.ts'])[0], 'src/add.ts')
  })

  it('puts starts of words before letters in the middle', () => {
    assert.equal(best('ch', ['src/search.ts', 'src/chat.ts'])[0], 'src/chat.ts')
    assert.equal(best('fb', ['src/afab.ts', 'src/fooBar.ts'])[0], 'src/fooBar.ts')
  })

  it('puts neighbours before letters far apart, and the shorter of two equals', () => {
    assert.equal(best('view', ['v/i/e/w.ts', 'src/view.ts'])[0], 'src/view.ts')
    assert.equal(best('a.ts', ['src/deep/down/a.ts', 'a.ts'])[0], 'a.ts')
  })

  it('ignores case and blanks, and prefers the case that was typed', () => {
    assert.equal(best('R M', ['src/rm.ts', 'RM.md'])[0], 'RM.md')
  })

  it('is quick on 50,000 paths', () => {
    const paths = Array.from(
      { length: 50_000 },
      (_, index) => `packages/part${index % 97}/src/view${index}.ts`,
    )
    const start = performance.now()
    const found = paths.filter((each) => fuzzyMatch('pview49', each)).length
    assert.ok(found > 0)
    assert.ok(performance.now() - start < 1_500)
  })
})
