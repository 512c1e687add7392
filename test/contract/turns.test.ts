import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, it } from 'mocha'
import type { Wire } from '../support/opencodeLab.ts'
import { answerOf, Bench, delay, promptOf, toolsIn } from './support.ts'

describe('turns on a real server', function () {
  this.timeout(120_000)
  ofWire(1)
})

describe('turns on the scripted 2.x server', function () {
  this.timeout(120_000)
  ofWire(2)
})

function ofWire(wire: Wire): void {
  let bench: Bench
  before(async () => {
    bench = await Bench.start(wire)
  })
  after(() => bench.stop())

  it('streams text and reasoning, and the stream alone gives the same as a fetch', async () => {
    const session = await bench.newSession()
    const messages = await bench.turn(session, '[[reason:let me think]][[chunk:3]][[text:Hello **world**]]')
    assert.deepEqual(
      messages.map((message) => message.role),
      ['user', 'assistant'],
    )
    assert.equal(answerOf(messages), 'Hello **world**')
    assert.ok(bench.actions(session.id).filter((action) => action.type === 'block/append').length >= 4)
    const state = bench.stateOf(session)
    assert.deepEqual(state.messages, messages)
    assert.deepEqual(state.status, { kind: 'idle' })
    const answer = messages[1]
    assert.ok(answer?.role === 'assistant')
    // 2.x does not say which prompt an answer is to: it stands behind it.
    assert.equal(answer.promptID, wire === 1 ? messages[0]?.id : undefined)
    assert.ok(answer.tokens.input > 0 && answer.completed !== undefined && answer.finish === 'stop')
    assert.deepEqual(
      answer.blocks.map((block) => block.type),
      ['reasoning', 'text'],
    )
  })

  it('runs a command after it was allowed once', async () => {
    const session = await bench.newSession()
    const messages = await bench.turn(
      session,
      '[[tool:bash {"command":"echo hi; exit 3","description":"Say hi"}]][[text:done]]',
      (request) => {
        assert.ok(request.kind === 'permission')
        assert.deepEqual(
          [request.action, request.command, request.directory],
          ['shell', 'echo hi; exit 3', bench.directory],
        )
        return bench.connection.replyPermission(request, 'once')
      },
    )
    const [bash] = toolsIn(messages)
    assert.deepEqual([bash?.status, bash?.output, bash?.exitCode], ['completed', 'hi\n', 3])
    assert.equal(answerOf(messages), 'done')
  })

  it('does not ask again after "always"', async () => {
    const session = await bench.newSession()
    let asked = 0
    const always =
      '[[tool:bash {"command":"echo always","description":"x"}]][[tool:bash {"command":"echo again","description":"x"}]][[text:done]]'
    const messages = await bench.turn(session, always, (request) => {
      asked++
      return bench.connection.replyPermission(request, 'always')
    })
    assert.equal(asked, 1)
    assert.deepEqual(
      toolsIn(messages).map((tool) => tool.status),
      ['completed', 'completed'],
    )
    await bench.connection.reload(bench.directory)
  })

  it('stops after a plain rejection and goes on after one with a reason', async () => {
    const command = '[[tool:bash {"command":"printf no","description":"x"}]][[text:understood]]'
    const plain = await bench.turn(await bench.newSession(), command, (request) =>
      bench.connection.replyPermission(request, 'reject'),
    )
    assert.equal(toolsIn(plain)[0]?.status, 'failed')
    assert.equal(answerOf(plain), '')
    const reasoned = await bench.turn(await bench.newSession(), command, (request) =>
      bench.connection.replyPermission(request, 'reject', 'use echo'),
    )
    assert.match(toolsIn(reasoned)[0]?.error ?? '', /use echo/)
    assert.equal(answerOf(reasoned), 'understood')
  })

  it('edits a file, shows the diff before and after, and gives the diff of the turn', async () => {
    const session = await bench.newSession()
    const file = path.join(bench.directory, 'a.txt')
    const edit = `[[tool:read {"filePath":"${file}"}]][[tool:edit {"filePath":"${file}","oldString":"two","newString":"TWO"}]][[text:done]]`
    const messages = await bench.turn(session, edit, (request) => {
      assert.ok(request.kind === 'permission' && request.action === 'edit')
      assert.equal(request.path, file)
      assert.match(request.diff ?? '', /^\+TWO$/m)
      return bench.connection.replyPermission(request, 'once')
    })
    const [change] = toolsIn(messages)[1]?.files ?? []
    assert.deepEqual([change?.path, change?.additions, change?.deletions], [file, 1, 1])
    assert.match(await readFile(file, 'utf8'), /TWO/)
    assert.ok(bench.events.some((event) => event.kind === 'file-edited' && event.path === file))
    const prompt = messages[0]
    assert.ok(prompt)
    const [turn] = await bench.connection.turnDiff(session.id, prompt.id)
    assert.match(turn?.path ?? '', /a\.txt$/)
    assert.match(turn?.patch ?? '', /^\+TWO$/m)
  })

  it('asks questions and takes labels, own texts and a dismissal', async () => {
    const options = '[{"label":"Red","description":"warm"},{"label":"Blue","description":"cold"}]'
    const ask = `[[tool:question {"questions":[{"question":"Which?","header":"Color","options":${options},"multiple":true}]}]][[text:thanks]]`
    const messages = await bench.turn(await bench.newSession(), ask, (request) => {
      assert.ok(request.kind === 'question')
      const [question] = request.questions
      assert.deepEqual(
        [question?.header, question?.multiple, question?.custom, question?.options.length],
        ['Color', true, true, 2],
      )
      return bench.connection.replyQuestion(request, [['Blue', 'my own']])
    })
    assert.deepEqual(toolsIn(messages)[0]?.answers, [['Blue', 'my own']])
    const dismissed = await bench.turn(await bench.newSession(), ask, (request) =>
      bench.connection.rejectQuestion(request),
    )
    assert.match(toolsIn(dismissed)[0]?.error ?? '', /dismissed/)
  })

  it('finds the directory of a request by its session, and says when another client was faster', async () => {
    const session = await bench.newSession()
    const outcomes: boolean[] = []
    const command = '[[tool:bash {"command":"printf elsewhere","description":"x"}]][[text:done]]'
    await bench.turn(session, command, async (request) => {
      const wrong = { ...request, directory: bench.lab.home }
      outcomes.push(await bench.connection.replyPermission(wrong, 'once'))
      outcomes.push(await bench.connection.replyPermission(request, 'once'))
    })
    const ask = '[[tool:question {"questions":[{"question":"Q?","header":"Q","options":[]}]}]][[text:done]]'
    await bench.turn(session, ask, async (request) => {
      const wrong = { ...request, directory: bench.lab.home }
      outcomes.push(await bench.connection.replyQuestion(wrong, [['x']]))
      outcomes.push(await bench.connection.replyQuestion(request, [['x']]))
    })
    assert.deepEqual(outcomes, [true, false, true, false])
  })

  it('keeps todos, where the line has them', async () => {
    const session = await bench.newSession()
    const todos =
      '[{"content":"one","status":"completed","priority":"high"},{"content":"two","status":"in_progress","priority":"low"}]'
    await bench.turn(session, `[[tool:todowrite {"todos":${todos}}]][[text:done]]`)
    if (wire === 2) {
      assert.equal(bench.connection.capabilities.todos, false)
      return
    }
    const expected = [
      { content: 'one', status: 'completed' },
      { content: 'two', status: 'in_progress' },
    ]
    assert.deepEqual(await bench.connection.readTodos(session.id), expected)
    assert.deepEqual(bench.stateOf(session).todos, expected)
  })

  it('runs a subagent as a child session', async () => {
    const session = await bench.newSession()
    const task =
      '[[tool:task {"description":"look around","prompt":"[[text:child says hi]]","subagent_type":"general"}]][[text:done]]'
    const [tool] = toolsIn(await bench.turn(session, task))
    assert.ok(tool?.childSessionID)
    const child = await bench.connection.getSession(tool.childSessionID)
    assert.equal(child.parentID, session.id)
    assert.equal(answerOf(await bench.settled(child.id)), 'child says hi')
    const roots = await bench.connection.listSessions({ directory: bench.directory, roots: true })
    assert.ok(!roots.some((root) => root.id === child.id))
  })

  it('stops an answer, and a request that waits is taken back', async () => {
    const session = await bench.newSession()
    await bench.connection.prompt(
      session.id,
      promptOf('[[delay:50]][[chunk:4]][[text:a long text that goes on and on and on and on and on]]'),
    )
    await bench.until(() => bench.actions(session.id).some((action) => action.type === 'block/append'))
    await bench.connection.abort(session.id)
    await bench.until(() => bench.isDone(session.id, 0))
    const last = (await bench.settled(session.id)).at(-1)
    assert.ok(last?.role === 'assistant')
    assert.equal(last.error?.kind, 'aborted')
    const waiting = await bench.newSession()
    await bench.turn(waiting, '[[tool:bash {"command":"printf never","description":"x"}]]', () =>
      bench.connection.abort(waiting.id),
    )
    // 2.x tells nobody that the request is gone; who keeps the sessions drops it with the run.
    assert.equal(bench.stateOf(waiting).requests.length, wire - 1)
    assert.deepEqual(await bench.connection.readRequests(bench.directory), [])
  })

  it('lists what runs and waits', async () => {
    const session = await bench.newSession()
    await bench.turn(
      session,
      '[[tool:bash {"command":"printf listed","description":"x"}]][[text:done]]',
      async (request) => {
        const statuses = await bench.connection.readStatus(bench.directory)
        const requests = await bench.connection.readRequests(bench.directory)
        await bench.connection.replyPermission(request, 'once')
        assert.deepEqual(statuses.get(session.id), { kind: 'busy' })
        assert.deepEqual(requests, [request])
      },
    )
    assert.equal((await bench.connection.readStatus(bench.directory)).size, 0)
  })

  it('reports a refused key, and a busy provider with its countdown', async () => {
    const refused = await bench.newSession()
    await bench.turn(refused, '[[error:401]]')
    const { error } = bench.stateOf(refused)
    assert.deepEqual(
      [error?.kind, error?.status, error?.retryable],
      ['auth', 401, wire === 1 ? false : undefined],
    )
    const limited = await bench.newSession()
    const messages = await bench.turn(limited, '[[error:429 retry-after=1 times=1]][[text:fine now]]')
    const retry = bench
      .actions(limited.id)
      .find((action) => action.type === 'status' && action.status.kind === 'retry')
    assert.ok(retry?.type === 'status' && retry.status.kind === 'retry')
    assert.equal(retry.status.attempt, 1)
    assert.equal(answerOf(messages), 'fine now')
  })

  it('gives the whole output of a command whose output was cut', async () => {
    const session = await bench.newSession()
    const messages = await bench.turn(
      session,
      '[[tool:bash {"command":"seq 1 30000","description":"x"}]][[text:done]]',
      (request) => bench.connection.replyPermission(request, 'once'),
    )
    const message = messages.find((item) => toolsIn([item]).length > 0)
    const [tool] = toolsIn(messages)
    assert.ok(message && tool?.outputCut === true)
    const whole = await bench.connection.readToolOutput(session.id, message.id, tool.callID)
    assert.equal(whole?.trimEnd().slice(-11), '29999\n30000')
    // Known fault of 1.18.33: now and then its file lacks the first 8,192 bytes, so they are not asked for.
    assert.ok(whole.length >= 160_000 && whole.includes('\n2000\n2001\n'))
    assert.equal(await bench.connection.readToolOutput(session.id, message.id, 'call_none'), undefined)
  })

  it('answers a prompt once although it was sent three times under the same ids', async () => {
    const session = await bench.newSession()
    const prompt = promptOf('[[delay:20]][[chunk:4]][[text:only one answer, please]]')
    await Promise.all([
      bench.connection.prompt(session.id, prompt),
      bench.connection.prompt(session.id, prompt),
    ])
    await bench.until(() => bench.isDone(session.id, 0))
    await bench.connection.prompt(session.id, prompt)
    await delay(500)
    const messages = await bench.settled(session.id)
    assert.deepEqual(
      messages.map((message) => message.role),
      ['user', 'assistant'],
    )
    assert.equal(messages[0]?.id, prompt.id)
    assert.equal(answerOf(messages), 'only one answer, please')
  })
}
