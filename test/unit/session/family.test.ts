import assert from 'node:assert/strict'
import { toSessionID } from '../../../src/opencode/ids.ts'
import type { Session } from '../../../src/session/model.ts'
import { activityOf, familyOf } from '../../../src/session/family.ts'
import { assistant, session, state, text, tool } from './support/builders.ts'

const child = (id: string, parent: string, created: number, part: Partial<Session> = {}): Session =>
  session(id, { parentID: toSessionID(parent), created, ...part })
const root = session('ses_root')
const model = { providerID: 'mock', modelID: 'fast' }
const all = [
  child('ses_b', 'ses_root', 2),
  root,
  child('ses_a', 'ses_root', 1, { agent: 'explore', model }),
  child('ses_deep', 'ses_a', 3),
  child('ses_other', 'ses_else', 1),
]
const source = {
  sessions: all,
  stateOf: (id: string) => (id === 'ses_a' ? ('busy' as const) : ('idle' as const)),
  activityOf: () => ({ calls: 2, tool: 'bash' }),
}

describe('The family of a session', () => {
  it('holds all subagents below it, with who they are and what the running ones do', () => {
    const { subagents, ancestors } = familyOf(root, source)
    assert.deepEqual(ancestors, [])
    assert.deepEqual(
      subagents.map(({ id, parentID }) => [id, parentID]),
      [
        ['ses_a', 'ses_root'],
        ['ses_b', 'ses_root'],
        ['ses_deep', 'ses_a'],
      ],
    )
    const [first, second] = subagents
    assert.deepEqual(
      [first?.agent, first?.model, first?.activity],
      ['explore', model, { calls: 2, tool: 'bash' }],
    )
    assert.equal(second?.activity, undefined)
  })

  it('tells the way down to a subagent, and ends in a circle', () => {
    const deep = all.find(({ id }) => id === 'ses_deep')
    assert.ok(deep)
    assert.deepEqual(
      familyOf(deep, source).ancestors.map(({ id }) => id),
      ['ses_root', 'ses_a'],
    )
    const left = child('ses_left', 'ses_right', 1)
    const right = child('ses_right', 'ses_left', 1)
    const family = familyOf(left, { ...source, sessions: [left, right] })
    assert.deepEqual(
      family.ancestors.map(({ id }) => id),
      ['ses_right'],
    )
  })

  it('sees the tool that runs, else the one that ran last', () => {
    const done = tool('prt_1', { status: 'completed', name: 'read', target: 'a.ts' })
    const running = tool('prt_2', { name: 'bash', target: 'npm test' })
    const after = tool('prt_3', { status: 'completed', name: 'glob' })
    const busy = state([assistant('msg_1', 1, { blocks: [text('prt_0', 'x'), done, running, after] })])
    assert.deepEqual(activityOf(busy), { calls: 3, tool: 'bash', target: 'npm test' })
    assert.deepEqual(activityOf(state([assistant('msg_1', 1, { blocks: [done] })])), {
      calls: 1,
      tool: 'read',
      target: 'a.ts',
    })
    assert.deepEqual(activityOf(state()), { calls: 0 })
  })
})
