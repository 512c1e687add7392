import assert from 'node:assert/strict'
import { createPatch } from 'diff'
import { sidesOfDone, sidesOfProposed } from '../../../src/views/patches.ts'

const before = Array.from({ length: 30 }, (_, line) => `line ${String(line)}`).join('\n') + '\n'
const after = before.replace('line 7\n', 'line seven\n').replace('line 20\n', '')
const patch = createPatch('a.txt', before, after)

describe('A change', () => {
  it('that is done is undone on the file as it is now', () => {
    assert.deepEqual(sidesOfDone(patch, after), { before, after, isWhole: true })
  })

  it('that is done is undone also when the file was edited elsewhere since', () => {
    const edited = `// a new first line\n${after}`
    assert.equal(sidesOfDone(patch, edited)?.before, `// a new first line\n${before}`)
  })

  it('that does not fit any more is shown by its hunks', () => {
    const sides = sidesOfDone(patch, 'something else\n')
    assert.equal(sides?.isWhole, false)
    assert.match(sides.before, /line 7\n/)
    assert.match(sides.after, /line seven\n/)
    assert.doesNotMatch(sides.after, /line 20\n/)
  })

  it('that is proposed is applied to the file as it is', () => {
    assert.deepEqual(sidesOfProposed(patch, before), { before, after, isWhole: true })
  })

  it('that makes a new file starts from nothing', () => {
    const made = createPatch('new.txt', '', 'fresh\n')
    assert.deepEqual(sidesOfDone(made, 'fresh\n'), { before: '', after: 'fresh\n', isWhole: true })
    assert.deepEqual(sidesOfProposed(made, ''), { before: '', after: 'fresh\n', isWhole: true })
  })

  it('fits files with Windows line ends', () => {
    const windows = after.replaceAll('\n', '\r\n')
    assert.equal(sidesOfDone(patch, windows)?.before, before.replaceAll('\n', '\r\n'))
  })

  it('that is no patch at all has no sides', () => {
    assert.equal(sidesOfDone('Binary files differ', after), undefined)
  })
})
