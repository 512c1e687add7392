import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import type { SessionID } from '../../../src/opencode/ids.ts'
import type { LinkState } from '../../../src/opencode/server.ts'
import { Outbox } from '../../../src/sync/sending/outbox.ts'
import { SessionHub } from '../../../src/sync/sessionHub.ts'
import { assistant, permission, text, tool } from '../session/support/builders.ts'
import { Random } from '../session/support/random.ts'
import { eventually } from './support/settled.ts'
import { SimulatedConnection } from './support/simulatedConnection.ts'
import { SimulatedServer, directory, textPrompt } from './support/simulatedServer.ts'

const quiet = { debug() {}, info() {}, warn() {} }

describe('SessionHub', () => {
  let server: SimulatedServer
  let wire: SimulatedConnection
  let outbox: Outbox
  let hub: SessionHub
  let links: LinkState['kind'][]

  beforeEach(() => {
    server = new SimulatedServer(new Random(1))
    wire = new SimulatedConnection(server)
    outbox = new Outbox({ get: () => undefined, set: () => Promise.resolve() })
    const courierTiming = { firstMs: 5, maxMs: 20, seenMs: 200, graceMs: 10 }
    hub = new SessionHub({ outbox, log: quiet, settleDelayMs: 60, courierTiming })
    links = []
    hub.onDidChangeLink((link) => links.push(link.kind))
    hub.setConnection(wire.asConnection())
    wire.up()
  })

  afterEach(() => hub.dispose())

  const busy = (id: SessionID): void => server.change(id, { type: 'status', status: { kind: 'busy' } })
  const idle = (id: SessionID): void => server.change(id, { type: 'status', status: { kind: 'idle' } })
  const putHead = (id: SessionID, name: string): ReturnType<typeof assistant> => {
    const message = assistant(name, 5_000)
    const { blocks: _blocks, ...head } = message
    server.change(id, { type: 'message/put', message: head })
    return message
  }
  const ask = (id: SessionID, name: string): void => {
    const request = permission(name, { sessionID: id, directory })
    server.requests.set(request.id, request)
    server.change(id, { type: 'request/put', request })
  }

  it('shows the newest page first, and older ones when asked, until there are none', async () => {
    const id = server.create()
    server.fill(id, 230)
    const store = hub.open(id, directory)
    assert.equal(store.isLoading, false, 'the stream is not up yet')
    await eventually(() => assert.equal(store.state?.messages.length, 60))
    assert.equal(store.state?.hasOlder, true)
    await store.loadOlder()
    assert.equal(store.state.messages.length, 160)
    wire.down()
    wire.up()
    await sleep(60)
    await eventually(() => assert.equal(store.state?.messages.length, 160, 'loaded history survives a gap'))
    await store.loadOlder()
    assert.equal(store.state.messages.length, 230)
    assert.equal(store.state.hasOlder, false)
    store.dispose()
  })

  it('notices that old loaded history was deleted during a gap', async () => {
    const id = server.create()
    server.fill(id, 230)
    const store = hub.open(id, directory)
    await eventually(() => assert.equal(store.state?.messages.length, 60))
    await store.loadOlder()
    const oldest = store.state?.messages[0]?.id
    assert.ok(oldest)
    wire.down()
    server.change(id, { type: 'message/removed', messageID: oldest })
    server.fill(id, 30)
    wire.up()
    await eventually(() => assert.notEqual(store.state?.messages[0]?.id, oldest))
    assert.ok(store.state.messages.length >= 189)
    store.dispose()
  })

  it('keeps the text that was seen over a gap, marks it, and clears the mark with the full text', async () => {
    const id = server.create()
    const store = hub.open(id, directory)
    await eventually(() => assert.ok(store.state))
    busy(id)
    const { id: messageID } = putHead(id, 'msg_a')
    const block = text('prt_1', '')
    server.change(id, { type: 'block/put', messageID, block })
    server.change(id, { type: 'block/append', messageID, blockID: block.id, text: 'Hello ' })
    await eventually(() => assert.equal(textOf(store.state?.messages[0]?.blocks[0]), 'Hello '))
    wire.down()
    server.change(id, { type: 'block/append', messageID, blockID: block.id, text: 'lost ' })
    wire.up()
    await eventually(() =>
      assert.deepEqual(store.state?.messages[0]?.blocks[0], { ...block, text: 'Hello ', gap: true }),
    )
    server.change(id, { type: 'block/append', messageID, blockID: block.id, text: 'world' })
    await eventually(() => assert.equal(textOf(store.state?.messages[0]?.blocks[0]), 'Hello world'))
    const full = { ...block, text: 'Hello lost world', open: false }
    server.change(id, { type: 'block/put', messageID, block: full })
    await eventually(() => assert.deepEqual(store.state?.messages[0]?.blocks[0], full))
    assert.deepEqual(links, ['reconnecting', 'online', 'reconnecting', 'online'])
    store.dispose()
  })

  it('shows an answer from its first word when its session is opened in the middle of it, and again after another', async () => {
    const other = server.create()
    const watched = hub.open(other, directory)
    await eventually(() => assert.ok(watched.state))
    const id = server.create()
    busy(id)
    const { id: messageID } = putHead(id, 'msg_a')
    const block = text('prt_1', '')
    const append = (more: string): void =>
      server.change(id, { type: 'block/append', messageID, blockID: block.id, text: more })
    server.change(id, { type: 'block/put', messageID, block })
    append('Nobody ')
    append('looked ')
    await sleep(30)
    const store = hub.open(id, directory)
    append('at first, ')
    await eventually(() =>
      assert.deepEqual(store.state?.messages[0]?.blocks[0], { ...block, text: 'Nobody looked at first, ' }),
    )
    store.dispose()
    append('nor ')
    await sleep(30)
    const again = hub.open(id, directory)
    append('then.')
    const whole = { ...block, text: 'Nobody looked at first, nor then.' }
    await eventually(() => assert.deepEqual(again.state?.messages[0]?.blocks[0], whole))
    wire.down()
    wire.up()
    await eventually(() => assert.deepEqual(again.state?.messages[0]?.blocks[0], { ...whole, gap: true }))
    again.dispose()
    watched.dispose()
  })

  it('fetches a session whose run ended without the end of its text', async () => {
    const id = server.create()
    const store = hub.open(id, directory)
    await eventually(() => assert.ok(store.state))
    busy(id)
    const { id: messageID } = putHead(id, 'msg_a')
    const block = text('prt_1', '')
    server.change(id, { type: 'block/put', messageID, block })
    server.change(id, { type: 'block/append', messageID, blockID: block.id, text: 'Half' })
    await eventually(() => assert.equal(textOf(store.state?.messages[0]?.blocks[0]), 'Half'))
    const full = { ...block, text: 'Half and half', open: false }
    server.changeUnheard(id, { type: 'block/put', messageID, block: full })
    idle(id)
    await eventually(() => assert.deepEqual(store.state?.messages[0]?.blocks[0], full))
    store.dispose()
  })

  it('settles what is open some time after the run, but not when a new one began', async () => {
    const id = server.create()
    const store = hub.open(id, directory)
    await eventually(() => assert.ok(store.state))
    busy(id)
    const { id: messageID } = putHead(id, 'msg_a')
    server.change(id, { type: 'block/put', messageID, block: tool('prt_1') })
    await eventually(() => assert.equal(store.state?.status.kind, 'busy'))
    idle(id)
    await sleep(20)
    busy(id)
    await sleep(100)
    assert.equal(statusOf(store.state?.messages[0]?.blocks[0]), 'running')
    idle(id)
    await eventually(() => assert.equal(statusOf(store.state?.messages[0]?.blocks[0]), 'interrupted'))
    server.change(id, { type: 'block/put', messageID, block: tool('prt_1', { status: 'completed' }) })
    await eventually(() => assert.equal(statusOf(store.state?.messages[0]?.blocks[0]), 'completed'))
    store.dispose()
  })

  it('shows the requests of a grandchild in every open ancestor, though nobody told of the child', async () => {
    const root = server.create()
    const child = server.create(root)
    for (let count = 0; count < 120; count++) server.create()
    const store = hub.open(root, directory)
    await eventually(() => assert.ok(store.state))
    const grandchild = server.create(child)
    busy(grandchild)
    ask(grandchild, 'per_1')
    await eventually(() => assert.equal(store.state?.requests[0]?.sessionID, grandchild))
    assert.equal(hub.sessions(directory).find((entry) => entry.session.id === root)?.waiting, 1)
    idle(grandchild)
    await eventually(() => assert.deepEqual(store.state?.requests, []))
    store.dispose()
  })

  it('shows a session that was closed not long ago at once, and corrects it', async () => {
    const id = server.create()
    server.fill(id, 3)
    const first = hub.open(id, directory)
    await eventually(() => assert.equal(first.state?.messages.length, 3))
    first.dispose()
    server.fill(id, 1)
    const second = hub.open(id, directory)
    assert.equal(second.state?.messages.length, 3)
    await eventually(() => assert.equal(second.state?.messages.length, 4))
    second.dispose()
  })

  it('asks nothing of the server for sessions that nobody looks at', async () => {
    const watch = hub.watchDirectory(directory)
    const id = server.create()
    await sleep(40)
    server.prompt(id, textPrompt('1', 'hello'))
    await server.quiet()
    await sleep(30)
    assert.equal(wire.calls.get('readMessages'), undefined)
    assert.equal(hub.sessions(directory)[0]?.status.kind, 'idle')
    watch.dispose()
  })

  it('says that a session was deleted, and sends nothing to it any more', async () => {
    const id = server.create()
    const store = hub.open(id, directory)
    await eventually(() => assert.ok(store.state))
    server.delete(id)
    await eventually(() => assert.equal(store.error?.code, 'not-found'))
    const prompt = textPrompt('1', 'too late')
    hub.send(id, prompt)
    assert.equal(outbox.entries()[0]?.state, 'failed')
    await sleep(30)
    assert.equal(wire.calls.get('prompt'), undefined)
    assert.deepEqual(outbox.recall(prompt.id), prompt)
    store.dispose()
  })

  it('shows a prompt at once while offline, and delivers it when the line is back', async () => {
    const id = server.create()
    const store = hub.open(id, directory)
    await eventually(() => assert.ok(store.state))
    wire.down()
    await sleep(10)
    hub.send(id, textPrompt('1', 'hello'))
    assert.equal(delivery(store), 'pending')
    await sleep(30)
    assert.equal(wire.calls.get('prompt'), undefined)
    wire.up()
    await eventually(() => assert.equal(delivery(store), undefined))
    await eventually(() => assert.deepEqual(outbox.entries(), []))
    store.dispose()
  })

  it('posts a prompt only when storage has it and all is prepared', async () => {
    const id = server.create()
    const order: string[] = []
    const slow = new Outbox({
      get: () => undefined,
      set: async () => {
        await sleep(30)
        order.push('stored')
      },
    })
    slow.beforeSending = async () => {
      await sleep(60)
      order.push('prepared')
    }
    const other = new SessionHub({ outbox: slow, log: quiet })
    const line = new SimulatedConnection(server)
    line.prompt = () => {
      order.push('posted')
      return Promise.resolve()
    }
    other.setConnection(line.asConnection())
    line.up()
    await sleep(10)
    other.send(id, textPrompt('9', 'hello'))
    await eventually(() => assert.deepEqual(order.slice(0, 3), ['stored', 'prepared', 'posted']))
    other.dispose()
  })

  it('gives up a prompt that the server refuses, says why, and tries it again when told', async () => {
    const id = server.create()
    const store = hub.open(id, directory)
    await eventually(() => assert.ok(store.state))
    const accept = wire.prompt
    wire.prompt = () => Promise.reject(new OpencodeError('unauthorized', 'The password is wrong.'))
    const prompt = textPrompt('1', 'hello')
    hub.send(id, prompt)
    await eventually(() => assert.equal(delivery(store), 'failed'))
    assert.equal(outbox.find(prompt.id)?.message, 'The password is wrong.')
    wire.prompt = accept
    outbox.retry(prompt.id)
    assert.equal(delivery(store), 'pending')
    await eventually(() => assert.deepEqual(outbox.entries(), []))
    store.dispose()
  })

  it('takes a prompt back that is still waiting', async () => {
    const id = server.create()
    const store = hub.open(id, directory)
    await eventually(() => assert.ok(store.state))
    wire.down()
    await sleep(10)
    const prompt = textPrompt('1', 'hello')
    hub.send(id, prompt)
    assert.deepEqual(outbox.recall(prompt.id), prompt)
    assert.deepEqual(store.state?.messages, [])
    wire.up()
    await sleep(40)
    assert.equal(server.accepted.size, 0)
    store.dispose()
  })
})

function textOf(block: unknown): unknown {
  return typeof block === 'object' && block !== null && 'text' in block ? block.text : undefined
}

function statusOf(block: unknown): unknown {
  return typeof block === 'object' && block !== null && 'status' in block ? block.status : undefined
}

function delivery(store: { readonly state: { readonly messages: readonly object[] } | undefined }): unknown {
  const last = store.state?.messages.find((message) => 'role' in message && message.role === 'user')
  assert.ok(last)
  return 'delivery' in last ? (last.delivery as { readonly kind: string } | undefined)?.kind : undefined
}
