import assert from 'node:assert/strict'
import { toMessageID } from '../../../src/opencode/ids.ts'
import { reduceSession } from '../../../src/session/reducer.ts'
import {
  contextUse,
  lastAssistantMessage,
  tokenUsage,
  turnsOf,
  visibleMessages,
} from '../../../src/session/selectors.ts'
import { assistant, session, state, text, user } from './support/builders.ts'

describe('turnsOf', () => {
  it('groups answers by the prompt they name, else by place', () => {
    const turns = turnsOf(
      state([
        assistant('msg_0', 0),
        user('msg_1', 1),
        assistant('msg_2', 2),
        user('msg_3', 3),
        assistant('msg_4', 4, { promptID: toMessageID('msg_1') }),
        assistant('msg_5', 5, { promptID: toMessageID('msg_3') }),
      ]),
    )
    const shape = turns.map((turn) => [turn.prompt?.id, ...turn.answers.map((answer) => answer.id)])
    assert.deepEqual(shape, [
      [undefined, 'msg_0'],
      ['msg_1', 'msg_2', 'msg_4'],
      ['msg_3', 'msg_5'],
    ])
  })

  it('finds the prompt also behind its answer', () => {
    const turns = turnsOf(
      state([assistant('msg_1', 1, { promptID: toMessageID('msg_2') }), user('msg_2', 2)]),
    )
    assert.deepEqual(
      turns.map((turn) => turn.answers.length),
      [1],
    )
  })

  it('gives the same turn object while its messages stay', () => {
    const before = state([user('msg_1', 1), assistant('msg_2', 2), user('msg_3', 3), assistant('msg_4', 4)])
    const after = reduceSession(before, {
      type: 'block/put',
      messageID: toMessageID('msg_4'),
      block: text('prt_1', 'x'),
    })
    assert.equal(turnsOf(before), turnsOf({ ...before }))
    assert.equal(turnsOf(after)[0], turnsOf(before)[0])
    assert.notEqual(turnsOf(after)[1], turnsOf(before)[1])
  })
})

describe('visibleMessages', () => {
  it('hides what is undone, but not a prompt that is on its way', () => {
    const undone = session('ses_1', { revertedFrom: toMessageID('msg_2') })
    const pending = user('msg_4', 4, { delivery: { kind: 'pending' } })
    const seen = visibleMessages(
      state([user('msg_1', 1), user('msg_2', 2), user('msg_3', 3), pending], { session: undone }),
    )
    assert.deepEqual(
      seen.map((message) => message.id),
      ['msg_1', 'msg_4'],
    )
  })
})

describe('token counts', () => {
  const tokens = { input: 10, output: 5, reasoning: 1, cacheRead: 100, cacheWrite: 4 }
  const counted = state([
    assistant('msg_1', 1, { cost: 0.5, tokens }),
    assistant('msg_2', 2, { cost: 0.25, tokens }),
    assistant('msg_3', 3),
  ])

  it('sum up over all answers', () => {
    assert.equal(tokenUsage(counted).cost, 0.75)
    assert.equal(tokenUsage(counted).tokens.cacheRead, 200)
  })

  it('tell what the last counted step filled', () => {
    assert.equal(contextUse(counted), 120)
    assert.equal(lastAssistantMessage(counted)?.id, 'msg_3')
  })
})
