import assert from 'node:assert/strict'
import type { SessionID } from '../../../src/opencode/ids.ts'
import { contentOf } from '../../../src/review/content.ts'
import { afterStep, undoFile } from '../../../src/review/reviewedFile.ts'
import { TakenDecisions } from '../../../src/views/review/takenDecisions.ts'
import type { Taken } from '../../../src/views/review/takenDecisions.ts'

const path = '/work/a.txt'
const content = (text: string) => contentOf(Buffer.from(text))

describe('review: decisions that an editor’s own undo takes back', () => {
  it('are found by what the editor shows, the latest first', async () => {
    const decisions = new TakenDecisions()
    const [first, second] = [decision('a\n', 'A\n'), decision('a\n', 'A\n')]
    for (const each of [first, second]) await decisions.whileWriting(each, () => Promise.resolve())
    assert.ok(decisions.has(path) && !decisions.has('/work/b.txt'))
    assert.equal(decisions.find(path, content('A\n'), true), second)
    assert.equal(decisions.find(path, content('a\n'), false), second)
    assert.equal(decisions.find(path, content('a\n'), true), undefined)
    assert.equal(decisions.find('/work/b.txt', content('A\n'), true), undefined)
  })

  it('are known while they are written, and not when that failed', async () => {
    const decisions = new TakenDecisions()
    const [first, second] = [decision('a\n', 'A\n'), decision('a\n', 'A\n')]
    await decisions.whileWriting(first, () => Promise.resolve())
    const failed = decisions.whileWriting(second, () => {
      assert.equal(decisions.find(path, content('A\n'), true), second)
      return Promise.reject(new Error('conflict'))
    })
    await assert.rejects(failed, /conflict/)
    assert.equal(decisions.find(path, content('A\n'), true), first)
  })

  function decision(old: string, now: string): Taken {
    const [start, end] = [content(old), content(now)]
    const file = afterStep(undefined, { path, start, end, isNewTurn: true })
    const files = new Map([[path, file]])
    const about = { sessionID: 'ses_1' as SessionID, directory: '/work', changed: 1 }
    const review = { ...about, files, unknown: [], folders: [] }
    return { review, before: { file, now: end }, after: undoFile(file, 'session', end) }
  }
})
