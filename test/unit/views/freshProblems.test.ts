import assert from 'node:assert/strict'
import { createPatch } from 'diff'
import { changedSpans, freshProblems } from '../../../src/views/desk/freshProblems.ts'

const problem = (key: string, line = 0) => ({ key, firstLine: line, lastLine: line })

describe('New problems', () => {
  it('are those that were not there before, wherever they moved, and as often as there are more', () => {
    const before = [problem('a', 3), problem('b', 4)]
    const now = [problem('a', 9), problem('a', 10), problem('c', 1)]
    assert.deepEqual(freshProblems(now, before, undefined), [problem('a', 10), problem('c', 1)])
    assert.deepEqual(freshProblems(before, before, undefined), [])
  })

  it('are those on changed lines, in a file that nothing was known of', () => {
    const patch = createPatch('a', 'one\ntwo\nthree\nfour\n', 'one\nTWO\nmore\nthree\n')
    const spans = changedSpans(patch)
    const now = [problem('first', 0), problem('changed', 1), problem('added', 2), problem('same', 3)]
    assert.deepEqual(freshProblems(now, undefined, spans), [problem('changed', 1), problem('added', 2)])
  })

  it('are all, in a file of which neither is known', () => {
    assert.deepEqual(freshProblems([problem('a')], undefined, undefined), [problem('a')])
    assert.equal(changedSpans('@@ -1,2 +1,2 @@\n-only one line\n'), undefined)
  })
})
