import assert from 'node:assert/strict'
import { hunksOf, openChange, undoClean } from '../../../src/review/hunks.ts'
import { changesBetween, splitLines } from '../../../src/review/lines.ts'
import { decodeText, encodeText } from '../../../src/review/textForm.ts'

describe('review: text and bytes', () => {
  const cases = [
    { name: 'UTF-8', bytes: Buffer.from('größe\r\n'), form: 'utf8' },
    { name: 'UTF-8 with a mark', bytes: Buffer.from('\ufeffgröße\n'), form: 'utf8bom' },
    { name: 'UTF-16 LE', bytes: Buffer.from('\ufeffgröße\n', 'utf16le'), form: 'utf16lebom' },
    { name: 'UTF-16 BE', bytes: Buffer.from('\ufeffgröße\n', 'utf16le').swap16(), form: 'utf16bebom' },
    { name: 'UTF-16 without a mark', bytes: Buffer.from('a plain line\n', 'utf16le'), form: 'utf16le' },
    { name: 'Latin-1', bytes: Buffer.from('größe\n', 'latin1'), form: 'latin1' },
    { name: 'an empty file', bytes: Buffer.alloc(0), form: 'utf8' },
  ] as const
  for (const { name, bytes, form } of cases) {
    it(`reads and writes ${name}`, () => {
      const read = decodeText(bytes)
      assert.equal(read?.form, form)
      assert.deepEqual(encodeText(read.text, read.form), bytes)
    })
  }

  it('takes bytes with zeros and an odd UTF-16 for no text', () => {
    assert.equal(decodeText(Buffer.from([0x89, 0x50, 0, 1, 2, 0, 0])), undefined)
    assert.equal(decodeText(Buffer.from([0xff, 0xfe, 0x41, 0x00, 0x42])), undefined)
  })

  it('splits at every kind of line end and keeps it', () => {
    assert.deepEqual(splitLines('a\r\nb\n\rc'), ['a\r\n', 'b\n', '\r', 'c'])
    assert.deepEqual(splitLines(''), [])
  })

  it('finds three places in ten thousand lines', () => {
    const before = Array.from({ length: 10_000 }, (_, index) => `line ${index % 7}\n`)
    const after = [...before]
    after[9_998] = 'changed\n'
    after.splice(5_000, 1)
    after.splice(3, 0, 'new\n')
    assert.equal(changesBetween(before, after).length, 3)
    assert.deepEqual(undoClean(openChange(before, after), after).now, before)
  })

  it('takes a wholly different large text as one place', () => {
    const before = Array.from({ length: 8_000 }, (_, index) => `a${index}\n`)
    const after = Array.from({ length: 8_000 }, (_, index) => `b${index}\n`)
    assert.equal(hunksOf(openChange(before, after), after).length, 1)
  })
})
