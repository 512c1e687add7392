import assert from 'node:assert/strict'
import { toBlockID, toMessageID } from '../../../src/opencode/ids.ts'
import type { SessionAction } from '../../../src/session/actions.ts'
import { coalesce } from '../../../src/session/coalesce.ts'
import { reduceSession } from '../../../src/session/reducer.ts'
import type { SessionState } from '../../../src/session/state.ts'
import { assistant, state, text, tool } from './support/builders.ts'
import { Random } from './support/random.ts'
import { randomActions } from './support/randomActions.ts'

describe('coalesce', () => {
  const messageID = toMessageID('msg_1')
  const append = (blockID: string, content: string): SessionAction => ({
    type: 'block/append',
    messageID,
    blockID: toBlockID(blockID),
    text: content,
  })

  it('joins the appends of one block, also with another block between them', () => {
    const actions = [append('prt_1', 'a'), append('prt_2', 'x'), append('prt_1', 'b')]
    assert.deepEqual(coalesce(actions), [append('prt_1', 'ab'), append('prt_2', 'x')])
  })

  it('drops a block and its appends when the whole block follows', () => {
    const closed: SessionAction = {
      type: 'block/put',
      messageID,
      block: text('prt_1', 'ab', { open: false }),
    }
    const opened: SessionAction = { type: 'block/put', messageID, block: text('prt_1', '') }
    assert.deepEqual(coalesce([opened, append('prt_1', 'a'), append('prt_1', 'b'), closed]), [closed])
  })

  it('keeps only the last of many outputs of a running tool', () => {
    const puts = Array.from({ length: 50 }, (_, index): SessionAction => ({
      type: 'block/put',
      messageID,
      block: tool('prt_1', { output: 'x'.repeat(index) }),
    }))
    assert.deepEqual(coalesce(puts), puts.slice(-1))
  })

  it('keeps the way from idle to busy, which ends an error', () => {
    const actions: SessionAction[] = [
      { type: 'error', error: { name: 'X', message: 'x', kind: 'other' } },
      { type: 'status', status: { kind: 'idle' } },
      { type: 'status', status: { kind: 'busy' } },
    ]
    const before = state([], { status: { kind: 'busy' } })
    assert.equal(reduceAll(before, coalesce(actions)).error, undefined)
  })

  it('forgets all that stands before a reset', () => {
    const reset: SessionAction = { type: 'reset', state: state([assistant('msg_1', 1)]) }
    assert.deepEqual(coalesce([append('prt_1', 'a'), reset]), [reset])
  })

  it('has the same effect as the whole list, whatever the list', () => {
    for (let seed = 1; seed <= 3_000; seed++) {
      const random = new Random(seed)
      const before = reduceAll(state(), randomActions(random, random.below(20)))
      const actions = randomActions(random, random.below(40))
      const short = coalesce(actions)
      assert.deepEqual(reduceAll(before, short), reduceAll(before, actions), `seed ${seed}`)
      assert.ok(short.length <= actions.length)
    }
  })
})

function reduceAll(before: SessionState, actions: readonly SessionAction[]): SessionState {
  return actions.reduce(reduceSession, before)
}
