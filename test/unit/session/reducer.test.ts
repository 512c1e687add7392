import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { toBlockID, toMessageID } from '../../../src/opencode/ids.ts'
import type { SessionAction } from '../../../src/session/actions.ts'
import { compareMessages } from '../../../src/session/messages.ts'
import { reduceSession } from '../../../src/session/reducer.ts'
import type { SessionState } from '../../../src/session/state.ts'
import { assistant, state, text, user } from './support/builders.ts'
import { Random } from './support/random.ts'
import { randomAction, randomActions } from './support/randomActions.ts'

/** In `expected`, null stands for a field that is undefined. */
interface Case {
  readonly description: string
  readonly initial: Partial<SessionState>
  readonly actions: readonly SessionAction[]
  readonly expected: { readonly [Key in keyof SessionState]?: unknown }
}

const fixtures = path.join(import.meta.dirname, '../../fixtures/session')

describe('reduceSession', () => {
  for (const file of readdirSync(fixtures).sort()) {
    const fixture = JSON.parse(readFileSync(path.join(fixtures, file), 'utf8')) as Case
    it(fixture.description, () => {
      const after = fixture.actions.reduce(reduceSession, deepFreeze(state([], fixture.initial)))
      const seen = Object.fromEntries(
        Object.keys(fixture.expected).map((key) => [key, after[key as keyof SessionState] ?? null]),
      )
      assert.deepEqual(JSON.parse(JSON.stringify(seen)), fixture.expected)
    })
  }

  it('gives the same state back when an action repeats what is known', () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const random = new Random(seed)
      const before = randomActions(random, 30).reduce(reduceSession, state())
      const action = randomAction(random)
      if (action.type === 'block/append') continue
      const once = reduceSession(before, action)
      assert.equal(reduceSession(once, action), once, `seed ${seed}: ${action.type}`)
    }
  })

  it('never changes the state it was given, and keeps the order of messages', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = new Random(seed)
      let current = deepFreeze(state())
      for (const action of randomActions(random, 40)) current = deepFreeze(reduceSession(current, action))
      assert.deepEqual(current.messages, [...current.messages].sort(compareMessages))
    }
  })

  it('keeps untouched messages and blocks as the same objects', () => {
    const before = state([
      user('msg_1', 1),
      assistant('msg_2', 2, { blocks: [text('prt_1', 'a'), text('prt_2', 'b')] }),
    ])
    const after = reduceSession(before, {
      type: 'block/append',
      messageID: toMessageID('msg_2'),
      blockID: toBlockID('prt_2'),
      text: 'c',
    })
    assert.equal(after.messages[0], before.messages[0])
    assert.equal(after.messages[1]?.blocks[0], before.messages[1]?.blocks[0])
    assert.equal(after.session, before.session)
  })

  it('keeps equal objects over a reset, as the view draws only what is another object', () => {
    const before = state([user('msg_1', 1), assistant('msg_2', 2, { blocks: [text('prt_1', 'a')] })])
    const fetched = structuredClone(before)
    assert.equal(reduceSession(before, { type: 'reset', state: fetched }), before)
    const grown = { ...fetched, messages: [...fetched.messages, user('msg_3', 3)] }
    const after = reduceSession(before, { type: 'reset', state: grown })
    assert.equal(after.messages[1], before.messages[1])
    assert.equal(after.messages.length, 3)
  })

  it('ignores an action of a newer version', () => {
    const before = state([user('msg_1', 1)])
    const unknown = JSON.parse('{"type":"from/the-future"}') as SessionAction
    assert.equal(reduceSession(before, unknown), before)
  })
})

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
  return value
}
