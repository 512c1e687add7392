import assert from 'node:assert/strict'
import { createPatch } from 'diff'
import type { FileChange } from '../../../src/session/model.ts'
import { previewFile } from '../../../src/views/undo/undoPreview.ts'
import type { FileNow } from '../../../src/views/undo/undoPreview.ts'

const first = 'one\ntwo\nthree\n'
const second = 'one\nTWO\nthree\n'
const third = 'one\nTWO\nTHREE\n'
const edit = (before: string, after: string, status: FileChange['status'] = 'modified'): FileChange => ({
  path: 'a.txt',
  patch: createPatch('a.txt', before, after),
  additions: 1,
  deletions: status === 'added' ? 0 : 1,
  status,
})
const now = (text: string | undefined, modified = 100): FileNow => ({ kind: 'file', text, modified })
const file = (...changes: FileChange[]) => ({ path: '/p/a.txt', changes, writtenAt: 100 })

describe('The preview of an undo', () => {
  it('takes several changes of a file back, one by one', () => {
    const preview = previewFile(file(edit(second, third), edit(first, second)), now(third))
    assert.deepEqual(preview, {
      path: '/p/a.txt',
      effect: 'restored',
      additions: 2,
      deletions: 2,
      sides: { now: third, then: first },
      isChangedSince: false,
    })
  })

  it('deletes what the agent made', () => {
    const preview = previewFile(file(edit('', first, 'added')), now(first))
    assert.deepEqual([preview.effect, preview.additions, preview.deletions], ['deleted', 0, 3])
    assert.deepEqual(preview.sides, { now: first, then: undefined })
  })

  it('brings back what the agent deleted', () => {
    const preview = previewFile(file(edit(first, '', 'deleted')), { kind: 'missing' })
    assert.deepEqual(
      [preview.effect, preview.sides, preview.isChangedSince],
      ['created', { now: undefined, then: first }, false],
    )
  })

  it('warns of a file that is not what the agent wrote, or was written later', () => {
    const change = edit(first, second)
    assert.equal(previewFile(file(change), now('one\nsomething else\n')).isChangedSince, true)
    assert.equal(previewFile(file(change), now(second, 100 + 60_000)).isChangedSince, true)
    assert.equal(previewFile(file(change), { kind: 'missing' }).isChangedSince, true)
    assert.equal(previewFile(file(change), now(second, 1_500)).isChangedSince, false)
  })

  it('keeps the counts of the server where the file cannot be read here', () => {
    const preview = previewFile(file({ ...edit(first, second), additions: 7, deletions: 3 }), {
      kind: 'unknown',
    })
    assert.deepEqual([preview.additions, preview.deletions, preview.sides], [3, 7, undefined])
    assert.equal(preview.isChangedSince, false)
    const binary = previewFile(
      file({ path: 'a.bin', additions: 0, deletions: 0, status: 'modified' }),
      now(undefined),
    )
    assert.deepEqual([binary.sides, binary.isChangedSince], [undefined, false])
  })
})
