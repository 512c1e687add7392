import assert from 'node:assert/strict'
import { mergeSnapshot } from '../../../../src/sync/mirror/mergeSnapshot.ts'
import { assistant, text, user } from '../../session/support/builders.ts'

describe('mergeSnapshot', () => {
  const open = assistant('msg_1', 1, { blocks: [text('prt_1', '')] })
  const local = assistant('msg_1', 1, { blocks: [text('prt_1', 'Hello')] })

  it('keeps the longer text of a block that is still being written, and marks the gap', () => {
    const merged = mergeSnapshot(
      { messages: [local], older: undefined },
      { messages: [open], older: undefined },
      { isLossy: true, heard: new Map() },
    )
    assert.deepEqual(merged.messages[0]?.blocks, [text('prt_1', 'Hello', { gap: true })])
  })

  it('marks no gap when nothing can have been missed', () => {
    const merged = mergeSnapshot(
      { messages: [local], older: undefined },
      { messages: [open], older: undefined },
      { isLossy: false, heard: new Map() },
    )
    assert.deepEqual(merged.messages[0]?.blocks, [text('prt_1', 'Hello')])
  })

  it('believes the server about a block that is closed', () => {
    const closed = assistant('msg_1', 1, { blocks: [text('prt_1', 'Hi', { open: false })] })
    const merged = mergeSnapshot(
      { messages: [local], older: undefined },
      { messages: [closed], older: undefined },
      { isLossy: true, heard: new Map() },
    )
    assert.deepEqual(merged.messages, [closed])
  })

  it('keeps older history that joins on, with its own cursor', () => {
    const history = [user('msg_1', 1), user('msg_2', 2), user('msg_3', 3)]
    const merged = mergeSnapshot(
      { messages: history, older: 'far' },
      { messages: history.slice(2), older: 'near' },
      { isLossy: true, heard: new Map() },
    )
    assert.deepEqual(merged, { messages: history, older: 'far' })
  })

  it('drops older history when something may be missing in between', () => {
    const fetched = { messages: [user('msg_9', 9)], older: 'near' }
    assert.deepEqual(
      mergeSnapshot({ messages: [user('msg_1', 1)], older: undefined }, fetched, {
        isLossy: true,
        heard: new Map(),
      }),
      fetched,
    )
  })
})
