import assert from 'node:assert/strict'
import { linesAfter } from '../../../src/editor/linesAfter.ts'

describe('Lines of an older text', () => {
  const before = 'a\nb\nc\nd\ne\n'
  const moved = (after: string) => linesAfter(before, after, { start: 2, end: 3 })
  const at = (start: number, end: number, isSame: boolean) => ({ lines: { start, end }, isSame })

  it('are where they went, with whatever line ends', () => {
    assert.deepEqual(moved(before), at(2, 3, true))
    assert.deepEqual(moved(before.replaceAll('\n', '\r\n')), at(2, 3, true))
    assert.deepEqual(moved('x\na\ny\nb\nc\nd\n'), at(4, 5, true))
    assert.deepEqual(moved('b\nc\nx\n'), at(1, 2, true))
    assert.deepEqual(moved('a\nb\nc\nx\nd\ne\n'), at(2, 3, true))
  })

  it('are those that stand in their place when they changed', () => {
    assert.deepEqual(moved('a\nB\nc\nd\ne\n'), at(2, 3, false))
    assert.deepEqual(moved('a\nb\nx\ny\nc\nd\ne\n'), at(2, 5, false))
    assert.deepEqual(moved('a\nb\nd\ne\n'), at(2, 2, false))
    assert.deepEqual(moved('new\na\nB\nC\nD\ne\n'), at(3, 5, false))
  })

  it('are gone when nothing is left of them, though others look the same', () => {
    assert.equal(moved('a\nd\ne\n'), undefined)
    assert.equal(linesAfter('}\nx\n}\n', '}\nx\n', { start: 3, end: 3 }), undefined)
  })
})
