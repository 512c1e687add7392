import assert from 'node:assert/strict'
import { after, before, describe, it } from 'mocha'
import type { Wire } from '../support/opencodeLab.ts'
import type { UserMessage } from '../../src/session/model.ts'
import { Bench, answerOf, promptOf, toolsIn } from './support.ts'

describe('letting a run go on', function () {
  this.timeout(120_000)
  ofWire(1)
})

describe('letting a run of 2.x go on', function () {
  this.timeout(120_000)
  ofWire(2)
})

function ofWire(wire: Wire): void {
  let bench: Bench
  before(async () => {
    bench = await Bench.start(wire)
    await bench.lab.configure({ permission: { bash: 'allow' } })
  })
  after(() => bench.stop())

  const lastPrompt = async (sessionID: Parameters<typeof bench.settled>[0]): Promise<UserMessage> => {
    const prompt = (await bench.settled(sessionID)).findLast((message) => message.role === 'user')
    assert.ok(prompt?.role === 'user')
    return prompt
  }

  it('asks the model at once instead of waiting, and runs no tool again', async () => {
    const session = await bench.newSession()
    const script =
      '[[tool:bash {"command":"echo once >> ran.txt"}]][[error:429 retry-after=600 times=1]][[text:There it is]]'
    await bench.connection.prompt(session.id, promptOf(script))
    const kindOf = (action: ReturnType<typeof bench.actions>[number]) =>
      action.type === 'status' ? action.status.kind : ''
    await bench.until(() => bench.actions(session.id).some((action) => kindOf(action) === 'retry'))
    const from = bench.events.length
    await bench.connection.runs.goOn(session.id, await lastPrompt(session.id), {})
    await bench.until(() => bench.isDone(session.id, from))
    const messages = await bench.settled(session.id)
    assert.match(answerOf(messages), /There it is/)
    assert.equal(messages.filter((message) => message.role === 'user').length, 1)
    assert.equal(toolsIn(messages).length, 1)
  })

  it('goes on with another model after a provider refused for good', async () => {
    const session = await bench.newSession()
    await bench.turn(session, '[[error:401 times=1]][[text:Now it works]]')
    const from = bench.events.length
    const model = { providerID: 'mock', modelID: 'mock-small' }
    await bench.connection.runs.goOn(session.id, await lastPrompt(session.id), { model })
    await bench.until(() => bench.isDone(session.id, from))
    const messages = await bench.settled(session.id)
    assert.match(answerOf(messages), /Now it works/)
    assert.equal(messages.at(-1)?.model?.modelID, 'mock-small')
  })
}
