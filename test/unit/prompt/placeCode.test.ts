import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { placeCode, putCode } from '../../../src/prompt/placeCode.ts'

const file = [
  'import { x } from "x"',
  '',
  'class Counter {',
  '  add(left, right) {',
  '    return left - right',
  '  }',
  '',
  '  reset() {',
  '    return 0',
  '  }',
  '}',
  '',
].join('\n')

function apply(text: string, code: string, cursor = 1): string {
  return putCode(text, code, placeCode(text, code, { cursor }))
}

describe('code from the chat in a file', () => {
  it('takes the place of the lines that begin and end like it, at their depth', () => {
    const code = 'add(left, right) {\n  return left + right\n}\n'
    assert.equal(apply(file, code), file.replace('left - right', 'left + right'))
  })

  it('takes the place of the selection', () => {
    const place = placeCode(file, 'NEW', { cursor: 0, selection: { start: 7, end: 10 } })
    assert.equal(place.how, 'selection')
    assert.equal(putCode(file, 'NEW', place), file.replace('  reset() {\n    return 0\n  }\n', 'NEW\n'))
  })

  it('takes the place of the whole text when it repeats most of it', () => {
    const code = file.replace('left - right', 'left + right').trimEnd()
    assert.equal(placeCode(file, code, { cursor: 0 }).how, 'whole-file')
    assert.equal(apply(file, code), file.replace('left - right', 'left + right'))
  })

  it('goes to the cursor when nothing is like it', () => {
    assert.equal(apply('one\ntwo\n', 'middle', 1), 'one\nmiddle\ntwo\n')
  })

  it('fills an empty file', () => {
    assert.equal(apply('', 'all'), 'all')
  })

  it('keeps the line endings and the missing last line break of the file', () => {
    assert.equal(apply('a()\r\nb()\r\nc()', 'x()', 1), 'a()\r\nx()\r\nb()\r\nc()')
    const crlf = file.replaceAll('\n', '\r\n')
    const code = 'reset() {\n  return 1\n}'
    assert.equal(apply(crlf, code), crlf.replace('return 0', 'return 1'))
  })

  it('does not guess between two places that look the same', () => {
    const twice = 'if (a) {\n}\nif (a) {\n}\n'
    assert.equal(placeCode(twice, 'if (a) {\n  b()\n}', { cursor: 2 }).how, 'cursor')
  })
})
