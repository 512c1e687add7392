import assert from 'node:assert/strict'
import { contentOf, missing } from '../../../src/review/content.ts'
import { PendingChanges } from '../../../src/review/pendingChanges.ts'
import { afterStep, withoutTurn } from '../../../src/review/reviewedFile.ts'

const text = (words: string) => contentOf(Buffer.from(words))

describe('review: what waits in a file', () => {
  const after = text('one\n2\nthree\n')
  const file = afterStep(undefined, {
    path: '/work/a.txt',
    start: text('one\ntwo\n'),
    end: after,
    isNewTurn: true,
  })

  it('is worked out once for what stands there', () => {
    const changes = new PendingChanges()
    const first = changes.of(file, 'session', after)
    assert.equal(first?.pending.kind, 'hunks')
    assert.deepEqual(first.counts, { additions: 2, deletions: 1 })
    assert.equal(changes.of(file, 'session', after), first)
    assert.notEqual(changes.of(file, 'turn', after), first)
  })

  it('is worked out anew when something else stands there, or the agent went on', () => {
    const changes = new PendingChanges()
    const first = changes.of(file, 'session', after)
    assert.equal(changes.of(file, 'session', text('one\ntwo\n'))?.pending.kind, 'none')
    const further = afterStep(file, { path: file.path, start: after, end: missing, isNewTurn: false })
    assert.equal(changes.of(further, 'session', missing)?.pending.kind, 'whole')
    assert.deepEqual(changes.of(file, 'session', after), first)
  })

  it('is nothing in a turn that did nothing to it', () => {
    assert.equal(new PendingChanges().of(withoutTurn(file), 'turn', after), undefined)
  })
})
