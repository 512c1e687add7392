import assert from 'node:assert/strict'
import { createTwoFilesPatch } from 'diff'
import { patchedText, readsAsUtf8, rebuildEdit } from '../../../src/views/desk/serverEdit.ts'
import { Random } from '../session/support/random.ts'

describe('What an edit of the server would make of a file', () => {
  it('is rebuilt from a patch whose lines lost the indentation that they share', () => {
    const calls = [
      'one()',
      'two()',
      'two(2)',
      'two(3)',
      'three()',
      '',
      'four()',
      'five()',
      'six()',
      'seven()',
    ]
    const base = `function a() {\n${calls.map((call) => `    ${call}`.trimEnd()).join('\n')}\n}\n`
    const after = base.replace('    three()\n', '    three(\n      3,\n    )\n')
    const patch = asServer(base, after)
    assert.match(patch, /^\+three\(\n\+ {2}3,\n/m)
    assert.equal(patchedText(base, patch), after)
  })

  it('is rebuilt for files with CRLF and without a newline at the end', () => {
    const base = '  eins\r\n  zwei\r\n  drei'
    assert.equal(
      patchedText(base, asServer(base, '  eins\r\n  ZWEI\r\n  drei')),
      '  eins\r\n  ZWEI\r\n  drei',
    )
  })

  it('is rebuilt for any texts and changes', () => {
    const random = new Random(11)
    for (let round = 0; round < 400; round++) {
      const indent = ['', '  ', '\t', '    '][random.below(4)] ?? ''
      const line = (word: string): string => {
        const depth = '  '.repeat(random.below(3))
        return random.below(9) === 0 ? '' : `${indent}${depth}${word} ${random.below(5)}`
      }
      const lines = Array.from({ length: 1 + random.below(30) }, () => line('old'))
      const changed = lines.flatMap((old) => {
        const kind = random.below(12)
        if (kind === 0) return []
        if (kind === 1) return [line('new')]
        return kind === 2 ? [old, line('more')] : [old]
      })
      const eol = random.below(2) === 0 ? '\n' : '\r\n'
      const base = lines.join(eol) + (random.below(2) === 0 ? eol : '')
      const after = changed.join(eol) + (random.below(2) === 0 ? eol : '')
      if (base.replaceAll('\r', '') === after.replaceAll('\r', '')) continue
      const patch = asServer(base, after)
      // Where nothing of the old text is named, or it is blank, nothing tells what was cut.
      const isTold = /^[ -](?=.*\S)(?!-- )/m.test(patch.split('@@').slice(2).join('@@'))
      if (!/\n/.test(base)) continue
      if (isTold) assert.equal(patchedText(base, patch), after, `round ${round}\n${patch}`)
    }
  })

  it('is unknown where the patch does not fit', () => {
    assert.equal(patchedText('one\ntwo\n', asServer('eins\nzwei\n', 'eins\nZWEI\n')), undefined)
    assert.equal(patchedText('one\n', 'no patch'), undefined)
  })

  it('keeps the characters of a file that the server takes for UTF-8', () => {
    const base = 'café\ntwo sünden\nthrée\n'
    const bytes = Buffer.from(base, 'latin1')
    const seen = bytes.toString('utf8')
    const edit = rebuildEdit(bytes, base, asServer(seen, seen.replace('two', 'TWO')))
    assert.deepEqual(edit, { after: 'café\nTWO sünden\nthrée\n', breaksEncoding: true })
  })

  it('takes a whole new text as it is, also over UTF-16', () => {
    const base = 'eins äöü\r\nzwei\r\ndrei'
    const bytes = Buffer.from(`\ufeff${base}`, 'utf16le')
    const edit = rebuildEdit(bytes, base, asServer(new TextDecoder().decode(bytes), 'eins äöü\nZWEI\n'))
    assert.deepEqual(edit, { after: 'eins äöü\nZWEI\n', breaksEncoding: true })
  })

  it('breaks no encoding of a new file, a plain one, or one with a byte order mark', () => {
    assert.equal(rebuildEdit(undefined, undefined, asServer('', 'new\n')).breaksEncoding, false)
    assert.ok(readsAsUtf8(Buffer.from('plain')) && readsAsUtf8(Buffer.from('\ufeffäöü')))
    assert.ok(!readsAsUtf8(Buffer.from('zwölf', 'latin1')) && !readsAsUtf8(Buffer.from('ascii', 'utf16le')))
  })
})

/** As `opencode serve` makes the patch of an edit: line ends made equal, shared indentation cut. */
function asServer(before: string, after: string): string {
  const [old, now] = [before, after].map((text) => text.replaceAll('\r\n', '\n'))
  const lines = createTwoFilesPatch('/p/f', '/p/f', old ?? '', now ?? '').split('\n')
  const isContent = (line: string): boolean => /^[-+ ]/.test(line) && !/^(---|\+\+\+)/.test(line)
  const widths = lines
    .filter((line) => isContent(line) && line.trim().length > 1 && line.slice(1).trim() !== '')
    .map((line) => line.slice(1).length - line.slice(1).trimStart().length)
  const width = Math.min(...widths)
  if (widths.length === 0 || width === 0) return lines.join('\n')
  return lines.map((line) => (isContent(line) ? line.charAt(0) + line.slice(1 + width) : line)).join('\n')
}
