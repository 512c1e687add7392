import assert from 'node:assert/strict'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../../src/client/connect.ts'
import type { Connection } from '../../../src/client/connection.ts'
import { newBlockID, newMessageID } from '../../../src/opencode/newIds.ts'
import type { SessionID } from '../../../src/opencode/ids.ts'
import type { Message, Prompt } from '../../../src/session/model.ts'
import { Outbox } from '../../../src/sync/sending/outbox.ts'
import { SessionHub } from '../../../src/sync/sessionHub.ts'
import type { SessionStore } from '../../../src/sync/sessionHub.ts'
import { startLab } from '../../support/opencodeLab.ts'
import type { Lab, LabServer, Wire } from '../../support/opencodeLab.ts'
import { Random } from '../session/support/random.ts'
import { startCuttingProxy } from './support/cuttingProxy.ts'
import type { CuttingProxy } from './support/cuttingProxy.ts'
import { comparable, eventually } from './support/settled.ts'

const quiet = { debug() {}, info() {}, warn() {} }

describe('SessionHub with a real server behind a bad line', () => {
  behindBadLine(1)
})

describe('SessionHub with the scripted 2.x server behind a bad line', () => {
  behindBadLine(2)
})

function behindBadLine(wire: Wire): void {
  let lab: Lab
  let server: LabServer
  let proxy: CuttingProxy
  let connection: Connection
  let hub: SessionHub
  let outbox: Outbox
  let stored: unknown

  before(async function () {
    this.timeout(120_000)
    lab = await startLab({ wire })
    server = await lab.startServer()
    proxy = await startCuttingProxy(server.port)
  })

  after(async () => {
    await proxy.close()
    await lab.dispose()
  })

  beforeEach(async () => {
    proxy.setTarget(server.port)
    stored = undefined
    await begin()
  })

  afterEach(end)

  async function begin(): Promise<void> {
    const { username, password } = server
    connection = await connect({ url: proxy.url, username, password }, { log: quiet })
    outbox = new Outbox({
      get: () => stored,
      set: (value) => Promise.resolve(void (stored = structuredClone(value))),
    })
    const courierTiming = { firstMs: 100, maxMs: 1_000, seenMs: 15_000, graceMs: 2_000 }
    hub = new SessionHub({ outbox, log: quiet, settleDelayMs: 1_000, courierTiming })
    hub.setConnection(connection)
  }

  async function end(): Promise<void> {
    hub.dispose()
    await connection.close()
  }

  async function open(): Promise<{ readonly id: SessionID; readonly store: SessionStore }> {
    const { id } = await connection.createSession(lab.project)
    const store = hub.open(id, lab.project)
    await eventually(() => assert.ok(store.state), 10_000)
    return { id, store }
  }

  /** Nothing runs any more, and what we hold is what a fresh fetch tells. */
  async function assertQuietAndEqual(id: SessionID, store: SessionStore, answers: number): Promise<void> {
    await eventually(async () => {
      const [session, page, todos] = await Promise.all([
        connection.getSession(id),
        connection.readMessages(id, 60),
        connection.readTodos(id),
      ]).catch((error: unknown) => assert.fail(String(error)))
      const state = store.state
      assert.ok(state)
      assert.equal(state.status.kind, 'idle')
      assert.ok(page.messages.filter((message) => message.role === 'assistant').length >= answers)
      const fresh = {
        ...state,
        session,
        messages: page.messages,
        todos,
        hasOlder: page.older !== undefined,
        requests: [],
      }
      assert.deepEqual(comparable(state), comparable(fresh))
    }, 60_000)
  }

  it('streams an answer and ends equal to a fresh fetch', async function () {
    this.timeout(120_000)
    const { id, store } = await open()
    const lengths = new Set<number>()
    store.onDidChange(() => lengths.add(answerText(store.state?.messages).length))
    hub.send(
      id,
      prompt('[[delay:10]][[chunk:8]][[reason:Thinking.]][[text:Hello **world**, this is a longer answer.]]'),
    )
    assert.equal(store.state?.messages[0]?.role, 'user', 'the prompt shows at once')
    await assertQuietAndEqual(id, store, 1)
    assert.equal(answerText(store.state.messages), 'Hello **world**, this is a longer answer.')
    assert.ok(lengths.size > 3, 'the answer came in pieces')
    assert.deepEqual(outbox.entries(), [])
    store.dispose()
  })

  it('keeps the text of a stream that is cut in the middle, marks the gap, and has it whole at the end', async function () {
    this.timeout(120_000)
    const { id, store } = await open()
    let shortest = 0
    let hadGap = false
    store.onDidChange(() => {
      const text = answerText(store.state?.messages)
      if (text.length < shortest) shortest = Number.NaN
      shortest = Math.max(shortest, text.length)
      hadGap ||= (store.state?.messages ?? []).some((message) =>
        message.blocks.some((block) => 'gap' in block),
      )
    })
    hub.send(id, prompt('[[delay:15]][[chunk:12]][[lorem:400]]'))
    await eventually(() => assert.ok(answerText(store.state?.messages).length > 100), 30_000)
    proxy.cut()
    await sleep(700)
    proxy.cut()
    await assertQuietAndEqual(id, store, 1)
    assert.ok(hadGap)
    assert.ok(shortest > 400, 'the text never became shorter')
    store.dispose()
  })

  it('delivers each of several prompts once and in order, though connections break all the time', async function () {
    this.timeout(120_000)
    const random = new Random(7)
    const { id, store } = await open()
    const prompts = Array.from({ length: 4 }, (_, index) => prompt(`[[delay:5]][[text:Answer ${index}]]`))
    for (const each of prompts) hub.send(id, each)
    for (let cut = 0; cut < 8; cut++) {
      proxy.muteAnswers(random.chance(0.5))
      await sleep(random.below(400))
      proxy.cut()
      proxy.muteAnswers(false)
      await sleep(300 + random.below(500))
    }
    await eventually(() => assert.deepEqual(outbox.entries(), []), 60_000)
    await assertQuietAndEqual(id, store, 1)
    const users = (store.state?.messages ?? []).filter((message) => message.role === 'user')
    assert.deepEqual(
      users.map((message) => message.id),
      prompts.map((each) => each.id),
    )
    store.dispose()
  })

  it('goes on after a reload: a prompt whose answer was lost is not sent twice', async function () {
    this.timeout(120_000)
    const { id, store } = await open()
    const sent = prompt('[[text:Only once.]]')
    proxy.muteAnswers(true)
    hub.send(id, sent)
    await sleep(1_500)
    assert.equal(outbox.entries().length, 1)
    store.dispose()
    hub.dispose()
    proxy.cut()
    proxy.muteAnswers(false)
    await connection.close()
    const before = lab.model.requests.length
    await begin()
    const again = hub.open(id, lab.project)
    await eventually(() => assert.deepEqual(outbox.entries(), []), 20_000)
    await assertQuietAndEqual(id, again, 1)
    const messages = again.state?.messages ?? []
    assert.equal(messages.filter((message) => message.id === sent.id).length, 1)
    assert.equal(messages.filter((message) => message.role === 'assistant').length, 1)
    assert.equal(lab.model.requests.length, before, 'the model was not asked again')
    again.dispose()
  })

  it('loses nothing when the server is killed in the middle of an answer and starts again', async function () {
    this.timeout(120_000)
    const { id, store } = await open()
    hub.send(id, prompt('[[delay:20]][[chunk:10]][[lorem:600]]'))
    await eventually(() => assert.ok(answerText(store.state?.messages).length > 60), 30_000)
    const before = answerText(store.state?.messages)
    await server.kill('SIGKILL')
    proxy.cut()
    proxy.setTarget(undefined)
    const late = prompt('[[text:After the restart.]]')
    hub.send(id, late)
    const { password } = server
    server = await lab.startServer({ password })
    proxy.setTarget(server.port)
    await eventually(
      () => assert.ok(answerText(store.state?.messages).includes('After the restart.')),
      60_000,
    )
    await eventually(() => assert.equal(store.state?.status.kind, 'idle'), 20_000)
    await sleep(1_500)
    const state = store.state
    assert.ok(answerText(state?.messages).startsWith(before), 'the text that was seen is still there')
    const open_ = (state?.messages ?? [])
      .flatMap((message) => message.blocks)
      .filter((block) => 'open' in block && block.open)
    assert.deepEqual(open_, [])
    assert.deepEqual(outbox.entries(), [])
    store.dispose()
  })

  it('shows a prompt with files as the server stores it, without one that it could not read', async function () {
    this.timeout(120_000)
    const { id, store } = await open()
    const text = prompt('[[text:Read.]]')
    const file = (name: string): Prompt['parts'][number] => ({
      type: 'file',
      id: newBlockID(Date.now()),
      path: path.join(lab.project, name),
      name,
      mime: 'text/plain',
      lines: { start: 1, end: 2 },
    })
    hub.send(id, { ...text, parts: [...text.parts, file('opencode.json'), file('missing.ts')] })
    assert.equal(store.state?.messages[0]?.blocks.length, 3)
    await assertQuietAndEqual(id, store, 1)
    const files = store.state.messages[0].blocks.filter((block) => block.type === 'file')
    assert.deepEqual(
      files.map((block) => block.name),
      ['opencode.json'],
    )
    store.dispose()
  })

  it('shows a permission that waits, also after a gap, and drops it when the run is aborted', async function () {
    this.timeout(120_000)
    const { id, store } = await open()
    hub.send(id, prompt('[[tool:bash {"command":"echo hi","description":"Say hi"}]][[text:Done.]]'))
    await eventually(() => assert.equal(store.state?.requests.length, 1), 30_000)
    proxy.cut()
    await sleep(1_500)
    await eventually(() => assert.equal(store.state?.requests.length, 1), 10_000)
    await eventually(() =>
      assert.equal(hub.sessions(lab.project).find((entry) => entry.session.id === id)?.waiting, 1),
    )
    await connection.abort(id)
    await eventually(() => assert.equal(store.state?.requests.length, 0), 10_000)
    await assertQuietAndEqual(id, store, 1)
    proxy.cut()
    await sleep(1_500)
    await assertQuietAndEqual(id, store, 1)
    assert.deepEqual(store.state?.requests, [], 'what the server goes on listing stays dropped')
    store.dispose()
  })
}

function prompt(content: string): Prompt {
  const now = Date.now()
  return {
    id: newMessageID(now),
    created: now,
    parts: [{ type: 'text', id: newBlockID(now), text: content }],
  }
}

function answerText(messages: readonly Message[] = []): string {
  return messages
    .filter((message) => message.role === 'assistant')
    .flatMap((message) => message.blocks)
    .map((block) => (block.type === 'text' ? block.text : ''))
    .join('')
}
