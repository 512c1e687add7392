import assert from 'node:assert/strict'
import { findInChanges, findLines, followLines } from '../../../src/prompt/follow.ts'
import type { TextChange } from '../../../src/prompt/follow.ts'

/** A replacement from line:character to line:character, counted from 1 for the eye. */
function change(from: string, to: string, text: string): TextChange {
  const at = (place: string) => {
    const [line = 1, character = 1] = place.split(':').map(Number)
    return { line: line - 1, character: character - 1 }
  }
  return { range: { start: at(from), end: at(to) }, text }
}

describe('A selection follows edits', () => {
  const lines = { start: 5, end: 7 }

  it('above it, and stays for edits below', () => {
    assert.deepEqual(followLines(lines, [change('1:1', '1:1', 'a\nb\n')]), { start: 7, end: 9 })
    assert.deepEqual(followLines(lines, [change('2:1', '4:1', '')]), { start: 3, end: 5 })
    assert.deepEqual(followLines(lines, [change('8:1', '9:1', 'x')]), lines)
    assert.deepEqual(followLines(lines, [change('5:1', '5:1', 'new line\n')]), { start: 6, end: 8 })
  })

  it('inside it', () => {
    assert.deepEqual(followLines(lines, [change('6:3', '6:4', 'x')]), lines)
    assert.deepEqual(followLines(lines, [change('6:3', '6:3', '\n\n')]), { start: 5, end: 9 })
    assert.deepEqual(followLines(lines, [change('5:4', '6:1', '')]), { start: 5, end: 6 })
    assert.deepEqual(followLines(lines, [change('5:1', '5:9', 'other')]), lines)
  })

  it('over its edges', () => {
    assert.deepEqual(followLines(lines, [change('3:1', '6:1', '')]), { start: 3, end: 4 })
    assert.deepEqual(followLines(lines, [change('7:2', '9:1', '')]), { start: 5, end: 7 })
  })

  it('several at once', () => {
    const both = [change('1:1', '1:1', 'a\n'), change('6:1', '6:1', 'b\n')]
    assert.deepEqual(followLines(lines, both), { start: 6, end: 9 })
    assert.deepEqual(followLines(lines, both.toReversed()), { start: 6, end: 9 })
  })

  it('until it is gone', () => {
    assert.equal(followLines(lines, [change('4:1', '9:1', '')]), undefined)
    assert.equal(followLines(lines, [change('5:1', '8:1', '')]), undefined)
    assert.equal(followLines(lines, [change('5:1', '7:20', '')]), undefined)
    assert.equal(followLines(lines, [change('1:1', '20:1', 'all new\n')]), undefined)
  })

  it('and is found again by its text, the nearest one', () => {
    assert.deepEqual(findLines('a\nb\nc\na\nb\n', 'a\nb', 4), { start: 4, end: 5 })
    assert.deepEqual(findLines('x\r\na\r\nb', 'a\nb', 1), { start: 2, end: 3 })
    assert.equal(findLines('a\nc', 'a\nb', 1), undefined)
  })

  it('and is back where a change brings it in again, not where other lines look the same', () => {
    const undo = [change('1:1', '1:1', 'new\n'), change('4:1', '4:1', 'a\nb\n')]
    assert.deepEqual(findInChanges(undo, 'a\nb', 4), { start: 5, end: 6 })
    const reload = [change('1:1', '9:1', '}\n}\nx\n}\n')]
    assert.deepEqual(findInChanges(reload, '}', 4), { start: 4, end: 4 })
    assert.equal(findInChanges([change('4:1', '5:1', '')], '}', 4), undefined)
  })
})
