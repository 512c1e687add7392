import assert from 'node:assert/strict'
import { toSessionID } from '../../../src/opencode/ids.ts'
import { SessionMarks } from '../../../src/views/sessions/sessionMarks.ts'

const one = toSessionID('ses_one')
const two = toSessionID('ses_two')
const storage = (value?: unknown) => {
  const stored = {
    value,
    get: () => stored.value,
    set: (next: unknown) => {
      stored.value = next
      return Promise.resolve()
    },
  }
  return stored
}

describe('Marks of sessions', () => {
  it('keep pins, those of another window among them', async () => {
    const pins = storage()
    const marks = new SessionMarks(pins, storage())
    pins.value = [two]
    await marks.pin([one], true)
    assert.deepEqual(new Set(pins.value as string[]), new Set([one, two]))
    await marks.pin([two], false)
    assert.deepEqual([marks.isPinned(one), marks.isPinned(two)], [true, false])
  })

  it('keep what ended unseen over a reload, until it was seen', () => {
    const unseen = storage()
    const before = new SessionMarks(storage(), unseen)
    before.markUnseen(one, 'failed')
    before.markUnseen(two, 'unread')
    const marks = new SessionMarks(storage(), unseen)
    assert.deepEqual([marks.unseen(one), marks.unseen(two), marks.unseenCount], ['failed', 'unread', 2])
    marks.markSeen(one)
    marks.forget(two)
    assert.equal(marks.unseenCount, 0)
    assert.deepEqual(unseen.value, {})
  })

  it('ignore what an older version left behind', () => {
    const marks = new SessionMarks(storage({ a: 1 }), storage(['x', 7]))
    assert.equal(marks.unseenCount, 0)
    assert.equal(marks.isPinned(one), false)
  })
})
