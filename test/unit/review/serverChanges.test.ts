import assert from 'node:assert/strict'
import { createTwoFilesPatch } from 'diff'
import { joinTurns } from '../../../src/review/serverChanges.ts'
import type { FileChange } from '../../../src/session/model.ts'

const path = '/srv/a.txt'

describe('review: changes on another machine', () => {
  it('has both texts from the patch, with their line ends and without one at the end', () => {
    for (const [before, after] of [
      ['a\r\nb\r\nc\r\n', 'a\r\nB\r\nc\r\n'],
      ['a\nb', 'A\nb'],
      ['a\nb', 'a\nb\n'],
      ['a\nb\n', 'a\nB'],
      ['', 'new\n'],
      ['gone', ''],
    ] as const) {
      const [change] = joinTurns([[modified(before, after)]])
      assert.deepEqual([change?.texts?.before, change?.texts?.after], [before, after])
    }
  })

  it('joins turns from before the first to after the last, and counts the difference', () => {
    const [change] = joinTurns([[modified('a\nb\n', 'A\nb\n')], [modified('A\nb\n', 'A\nb\nc\nd\n')]])
    assert.deepEqual(change, {
      path,
      status: 'modified',
      texts: { before: 'a\nb\n', after: 'A\nb\nc\nd\n', additions: 3, deletions: 1 },
    })
  })

  it('leaves out what came and went, and what is as it was', () => {
    const made = { ...modified('', 'x\n'), status: 'added' } as const
    const gone = { ...modified('x\n', ''), status: 'deleted' } as const
    assert.deepEqual(joinTurns([[made], [gone]]), [])
    assert.deepEqual(joinTurns([[modified('a\n', 'b\n')], [modified('b\n', 'a\n')]]), [])
    assert.equal(joinTurns([[made], [modified('x\n', 'y\n')]])[0]?.status, 'added')
    assert.equal(joinTurns([[modified('a\n', 'x\n')], [gone]])[0]?.status, 'deleted')
  })

  it('names a binary file, without texts', () => {
    const binary: FileChange = { path, patch: '', additions: 0, deletions: 0, status: 'added' }
    assert.deepEqual(joinTurns([[binary]]), [{ path, status: 'added', texts: undefined }])
  })
})

function modified(before: string, after: string): FileChange {
  const patch = createTwoFilesPatch(path, path, before, after, '', '', { context: Number.MAX_SAFE_INTEGER })
  return { path, patch, additions: 0, deletions: 0, status: 'modified' }
}
