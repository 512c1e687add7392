import assert from 'node:assert/strict'
import { connect } from '../../../../src/client/connect.ts'
import type { Connection } from '../../../../src/client/connection.ts'
import type { SessionID } from '../../../../src/opencode/ids.ts'
import { newBlockID, newMessageID } from '../../../../src/opencode/newIds.ts'
import type { Prompt, PromptDelivery } from '../../../../src/session/model.ts'
import { pendingRequests, queuedPrompts, turnsOf } from '../../../../src/session/selectors.ts'
import { Outbox } from '../../../../src/sync/sending/outbox.ts'
import { SessionHub } from '../../../../src/sync/sessionHub.ts'
import type { SessionStore } from '../../../../src/sync/sessionHub.ts'
import { startLab } from '../../../support/opencodeLab.ts'
import type { Lab } from '../../../support/opencodeLab.ts'
import { eventually } from '../../sync/support/settled.ts'

const quiet = { debug() {}, info() {}, warn() {} }
const slow = '[[delay:60]][[chunk:3]][[text:A slow answer that takes its time, word by word, to the end.]]'

describe('Prompts that the server keeps', function () {
  this.timeout(30_000)
  let lab: Lab
  let connection: Connection
  let hub: SessionHub
  let id: SessionID
  let store: SessionStore

  before(async () => {
    lab = await startLab({ wire: 2 })
    const { url, username, password } = await lab.startServer()
    connection = await connect({ url, username, password }, { log: quiet })
    hub = new SessionHub({ outbox: new Outbox({ get: () => undefined, set: async () => {} }), log: quiet })
    hub.setConnection(connection)
  })
  after(async () => {
    hub.dispose()
    await connection.close()
    await lab.dispose()
  })
  beforeEach(async () => {
    id = (await connection.createSession(lab.project)).id
    store = hub.open(id, lab.project)
    await eventually(() => assert.ok(store.state), 10_000)
  })
  afterEach(() => store.dispose())

  function send(text: string, delivery?: PromptDelivery): Prompt {
    const words = { type: 'text', id: newBlockID(Date.now()), text } as const
    const prompt: Prompt = {
      id: newMessageID(Date.now()),
      created: Date.now(),
      parts: [words],
      ...(delivery ? { delivery } : {}),
    }
    hub.send(id, prompt)
    return prompt
  }

  const answers = (): readonly string[] =>
    store.state
      ? turnsOf(store.state).map(({ answers: all }) =>
          all
            .flatMap(({ blocks }) => blocks.flatMap((block) => (block.type === 'text' ? [block.text] : [])))
            .join(),
        )
      : []
  /** Those that the server has. */
  const waiting = () =>
    store.state ? queuedPrompts(store.state).flatMap(({ id: own, delivery }) => (delivery ? [] : [own])) : []
  const idle = () => eventually(() => assert.equal(store.state?.status.kind, 'idle'), 15_000)
  const runs = () => eventually(() => assert.match(answers().join(), /A slow/), 10_000)

  it('wait for the end of the whole run, not of one of its steps', async () => {
    send('[[tool:bash {"command":"echo ran","description":"x"}]][[text:The first.]]')
    const request = () => store.state && pendingRequests(store.state)[0]
    await eventually(() => assert.ok(request()), 10_000)
    const second = send('[[text:The second.]]', 'queue')
    await eventually(() => assert.deepEqual(waiting(), [second.id]), 5_000)
    const asked = request()
    assert.ok(asked)
    await connection.replyPermission(asked, 'once')
    await eventually(() => assert.deepEqual(answers(), ['The first.', 'The second.']), 15_000)
    await idle()
  })

  it('wait for the end of the run outside of the conversation, and are answered once, in their order', async () => {
    send(slow)
    await runs()
    const [second, third] = [send('[[text:Second.]]', 'queue'), send('[[text:Third.]]', 'queue')]
    await eventually(() => assert.deepEqual(waiting(), [second.id, third.id]), 5_000)
    assert.equal(answers().length, 1)
    // Who comes now sees the same.
    const page = await connection.readMessages(id, 50)
    assert.deepEqual(
      page.messages.flatMap((message) => (message.role === 'user' && message.waits ? [message.id] : [])),
      [second.id, third.id],
    )
    await eventually(() => assert.equal(answers().at(-1), 'Third.'), 15_000)
    await idle()
    assert.deepEqual(answers().slice(1), ['Second.', 'Third.'])
    assert.deepEqual(waiting(), [])
  })

  it('are taken back, or sent into the run after all', async () => {
    send(`[[tool:read {"filePath":"README.md"}]]${slow}`)
    await runs()
    const [dropped, steered] = [send('[[text:Dropped.]]', 'queue'), send('[[text:Steered.]]', 'queue')]
    await eventually(() => assert.equal(waiting().length, 2), 5_000)
    await connection.inbox?.cancel(id, dropped.id)
    await connection.inbox?.redeliver(id, steered.id, 'steer')
    await eventually(() => assert.deepEqual(waiting(), []), 5_000)
    assert.equal(store.state?.messages.at(-1)?.id, steered.id)
    await eventually(() => assert.equal(answers().at(-1), 'Steered.'), 15_000)
    await idle()
    assert.doesNotMatch(JSON.stringify(store.state.messages), /Dropped/)
    // Both are gone from the inbox; asking again changes nothing.
    await connection.inbox?.cancel(id, steered.id)
    await connection.inbox?.redeliver(id, dropped.id, 'queue')
    assert.match(JSON.stringify((await connection.readMessages(id, 50)).messages), /Steered/)
  })

  it('do not keep one from seeing what the model writes to a tool', async () => {
    const content = Array.from({ length: 12 }, (_, line) => `line ${line} of the file`).join('\\n')
    send(
      `[[typing:15]][[chunk:20]][[tool:write {"filePath":"new.txt","content":"${content}"}]][[text:Written.]]`,
    )
    const seen = new Set<string>()
    await eventually(() => {
      const blocks = store.state?.messages.flatMap((message) => message.blocks) ?? []
      const call = blocks.find((block) => block.type === 'tool')
      if (call?.type === 'tool' && call.status === 'pending')
        seen.add(JSON.stringify(call.input['content'] ?? '').slice(1, -1))
      assert.equal(store.state?.requests.length, 1)
    }, 10_000)
    const grown = [...seen].filter((text) => text !== '')
    assert.ok(grown.length >= 3, `${grown.length} pieces of it were seen`)
    assert.ok(grown.every((text, index) => index === 0 || text.startsWith(grown[index - 1] ?? '')))
    assert.match(grown[0] ?? '', /^line 0/)
    await connection.abort(id)
    await idle()
  })

  it('stay where a stopped run leaves them, until the user lets them go on', async () => {
    send(slow)
    await runs()
    const queued = send('[[text:Later.]]', 'queue')
    await eventually(() => assert.deepEqual(waiting(), [queued.id]), 5_000)
    await connection.abort(id)
    await idle()
    assert.deepEqual(waiting(), [queued.id])
    await connection.inbox?.resume(id)
    await eventually(() => assert.equal(answers().at(-1), 'Later.'), 15_000)
    await idle()
    assert.deepEqual(waiting(), [])
  })
})
