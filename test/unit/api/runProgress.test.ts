import assert from 'node:assert/strict'
import { RunProgress, finalText, totals } from '../../../src/api/runProgress.ts'
import { toMessageID } from '../../../src/opencode/ids.ts'
import type { RunError } from '../../../src/session/model.ts'
import type { SessionState } from '../../../src/session/state.ts'
import { assistant, permission, state, text, tool, user } from '../session/support/builders.ts'

const prompt = toMessageID('msg_prompt')
const busy = { kind: 'busy' } as const
const earlier = [user('msg_1', 1), assistant('msg_2', 2, { completed: 3 })]

describe('The progress of a run', () => {
  it('says nothing and ends nothing before the server has the prompt', () => {
    const progress = new RunProgress(prompt, state(earlier))
    const pending = state([...earlier, user(prompt, 10, { delivery: { kind: 'pending' } })])
    assert.deepEqual(progress.update(pending), [])
    assert.deepEqual(progress.stand(pending), { kind: 'going' })
    const failed = state([user(prompt, 10, { delivery: { kind: 'failed', message: 'No.' } })])
    assert.deepEqual(progress.stand(failed), { kind: 'undelivered', message: 'No.' })
  })

  it('tells text as what is new, and all of it when it was replaced', () => {
    const progress = new RunProgress(prompt, state(earlier))
    const told = (content: string): unknown =>
      progress
        .update(running([assistant('msg_a', 11, { blocks: [text('prt_1', content)] })]))
        .flatMap((news) => (news.kind === 'text' ? [[news.text.delta, news.text.isReplaced]] : []))
    assert.deepEqual(told('Hel'), [['Hel', false]])
    assert.deepEqual(told('Hello'), [['lo', false]])
    assert.deepEqual(told('Hello'), [])
    assert.deepEqual(told('Other'), [['Other', true]])
  })

  it('tells a tool when its state or output is new, and each request once', () => {
    const progress = new RunProgress(prompt, state())
    const answer = (changes: Parameters<typeof tool>[1]): SessionState =>
      running([assistant('msg_a', 11, { blocks: [tool('prt_1', changes)] })])
    const kinds = (given: SessionState): unknown => progress.update(given).map(({ kind }) => kind)
    assert.deepEqual(kinds(answer({ status: 'pending' })), ['tool', 'status'])
    assert.deepEqual(kinds(answer({ status: 'pending' })), [])
    const asking = { ...answer({ status: 'running' }), requests: [permission('per_1')] }
    assert.deepEqual(kinds(asking), ['tool', 'status', 'request'])
    assert.deepEqual(kinds(asking), [])
  })

  it('is over when the session is idle behind a complete answer, not between two steps', () => {
    const progress = new RunProgress(prompt, state(earlier))
    const step = assistant('msg_a', 11, { completed: 12, finish: 'tool-calls' })
    assert.deepEqual(progress.stand(running([step])), { kind: 'going' })
    assert.deepEqual(progress.stand(idle([])), { kind: 'going' })
    assert.deepEqual(progress.stand(idle([step])), { kind: 'over', error: undefined })
  })

  it('is over with the error of this run, not with that of an earlier one', () => {
    const old: RunError = { name: 'APIError', message: 'Old', kind: 'provider' }
    const progress = new RunProgress(prompt, state(earlier, { error: old }))
    assert.deepEqual(progress.stand({ ...idle([]), error: old }), { kind: 'going' })
    const fresh: RunError = { ...old, message: 'New' }
    assert.deepEqual(progress.stand({ ...idle([]), error: fresh }), { kind: 'over', error: fresh })
  })

  it('is over with an error when the run vanished without an answer', () => {
    const progress = new RunProgress(prompt, state(earlier))
    progress.update(running([]))
    const stand = progress.stand(idle([]))
    assert.equal(stand.kind === 'over' && stand.error?.name, 'NoAnswer')
  })

  it('counts the tokens of its own answers, and takes the last text that there is', () => {
    const tokens = { input: 5, output: 2, reasoning: 1, cacheRead: 0, cacheWrite: 0 }
    const answers = [
      assistant('msg_a', 11, { tokens, cost: 0.25, blocks: [text('prt_1', 'First')] }),
      assistant('msg_b', 12, { tokens, cost: 0.5, blocks: [tool('prt_2')] }),
      assistant('msg_c', 13, { blocks: [text('prt_3', 'A summary')], isSummary: true }),
    ]
    assert.equal(finalText(answers), 'First')
    const { cost, tokens: sum } = totals(answers)
    assert.equal(cost, 0.75)
    assert.deepEqual([sum.input, sum.output, sum.reasoning], [10, 4, 2])
    const progress = new RunProgress(prompt, state(earlier))
    assert.deepEqual(progress.answers(idle(answers)), answers)
  })
})

function idle(answers: readonly ReturnType<typeof assistant>[]): SessionState {
  return state([...earlier, user(prompt, 10), ...answers])
}

function running(answers: readonly ReturnType<typeof assistant>[]): SessionState {
  return { ...idle(answers), status: busy }
}
