import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionID } from '../../../src/opencode/ids.ts'
import { reduceSession } from '../../../src/session/reducer.ts'
import type { SessionState } from '../../../src/session/state.ts'
import { Outbox } from '../../../src/sync/sending/outbox.ts'
import { SessionHub } from '../../../src/sync/sessionHub.ts'
import type { SessionStore } from '../../../src/sync/sessionHub.ts'
import { Random } from '../session/support/random.ts'
import { comparable, eventually } from './support/settled.ts'
import { SimulatedConnection } from './support/simulatedConnection.ts'
import { SimulatedServer, directory, textPrompt } from './support/simulatedServer.ts'

const quiet = { debug() {}, info() {}, warn() {} }
const timing = { firstMs: 5, maxMs: 20, seenMs: 60, graceMs: 15 }

describe('SessionHub over drops, lost answers and races', function () {
  this.timeout(60_000)

  const seeds = Array.from({ length: Number(process.env['SYNC_SEEDS'] ?? 40) }, (_, index) => index + 1)

  it('ends equal to a fresh fetch, with every prompt accepted exactly once', async () => {
    for (let at = 0; at < seeds.length; at += 10) {
      await Promise.all(seeds.slice(at, at + 10).map((seed) => scenario(seed)))
    }
  })
})

async function scenario(seed: number): Promise<void> {
  const random = new Random(seed)
  const server = new SimulatedServer(random)
  const wire = new SimulatedConnection(server)
  const outbox = new Outbox(memoryStorage())
  const hub = new SessionHub({ outbox, log: quiet, settleDelayMs: 20, courierTiming: timing })
  const sessions = [server.create(), server.create()]
  for (const id of sessions) server.fill(id, random.below(150))
  hub.setConnection(wire.asConnection())
  wire.up()
  const views = sessions.map((id) => new View(hub.open(id, directory)))
  try {
    const sent = await disturb({ random, server, wire, hub, sessions, views })
    wire.failures = 0
    wire.up()
    await eventually(() => assert.equal(outbox.entries().length, 0, `seed ${seed}: the outbox is empty`))
    await server.quiet()
    for (const [index, id] of sessions.entries()) await checkView(server, id, views[index], seed)
    await checkIndex(hub, server, seed)
    assert.deepEqual(
      [...server.accepted.values()],
      sent.map(() => 1),
      `seed ${seed}: each prompt once`,
    )
    for (const id of sessions) {
      const own = sent.filter((prompt) => prompt.sessionID === id).map((prompt) => prompt.id)
      assert.deepEqual(
        server.order.filter((promptID) => own.includes(promptID)),
        own,
        `seed ${seed}: in order`,
      )
    }
  } finally {
    for (const view of views) view.store.dispose()
    hub.dispose()
    await server.quiet()
  }
}

interface World {
  readonly random: Random
  readonly server: SimulatedServer
  readonly wire: SimulatedConnection
  readonly hub: SessionHub
  readonly sessions: readonly SessionID[]
  readonly views: View[]
}

interface Sent {
  readonly sessionID: SessionID
  readonly id: string
}

async function disturb({ random, server, wire, hub, sessions, views }: World): Promise<readonly Sent[]> {
  const sent: Sent[] = []
  wire.failures = random.chance(0.7) ? 0.25 : 0
  for (let step = 0; step < 25; step++) {
    const index = random.below(sessions.length)
    const sessionID = random.pick(sessions)
    const roll = random.next()
    if (roll < 0.3) {
      const prompt = textPrompt(`${sent.length}`, 'hello')
      hub.send(sessionID, prompt)
      sent.push({ sessionID, id: prompt.id })
    } else if (roll < 0.5) wire.down()
    else if (roll < 0.75) wire.up()
    else if (roll < 0.8) server.rename(sessionID, `name ${step}`)
    else if (roll < 0.85) removeOne(server, sessionID, random)
    else if (roll < 0.92) void views[index]?.store.loadOlder().catch(() => undefined)
    else reopen(hub, views, index, sessions)
    await sleep(random.below(8))
  }
  return sent
}

function removeOne(server: SimulatedServer, id: SessionID, random: Random): void {
  const messages = server.state(id).messages.filter((message) => message.role === 'assistant')
  if (messages.length > 0) server.change(id, { type: 'message/removed', messageID: random.pick(messages).id })
}

function reopen(hub: SessionHub, views: View[], index: number, sessions: readonly SessionID[]): void {
  const id = sessions[index]
  if (!id) return
  views[index]?.store.dispose()
  views[index] = new View(hub.open(id, directory))
}

/** A view as the webview is one: it knows a snapshot and the actions since. */
class View {
  readonly store: SessionStore
  state: SessionState | undefined

  constructor(store: SessionStore) {
    this.store = store
    this.state = store.state
    store.onDidChange((actions) => {
      for (const action of actions) {
        if (this.state) this.state = reduceSession(this.state, action)
        else if (action.type === 'reset') this.state = action.state
      }
    })
  }
}

async function checkView(
  server: SimulatedServer,
  id: SessionID,
  view: View | undefined,
  seed: number,
): Promise<void> {
  await eventually(() => {
    const seen = view?.store.state
    assert.ok(seen, `seed ${seed}: the session is known`)
    assert.deepEqual(view.state, seen, `seed ${seed}: the actions tell all changes`)
    const truth = server.state(id)
    const all = truth.messages.map((message) => message.id)
    const loaded = truth.messages.slice(
      all.indexOf(seen.messages[0]?.id ?? truth.messages[0]?.id ?? (seen.session.id as never)),
    )
    const expected = {
      ...truth,
      messages: loaded,
      hasOlder: loaded.length < truth.messages.length,
      requests: [],
    }
    assert.deepEqual(comparable(seen), comparable(expected), `seed ${seed}: ${id}`)
  })
  assert.ok((view?.store.state?.messages.length ?? 0) >= Math.min(60, server.state(id).messages.length) - 5)
}

async function checkIndex(hub: SessionHub, server: SimulatedServer, seed: number): Promise<void> {
  await eventually(() => {
    const entries = hub.sessions(directory)
    const expected = [...server.sessions.values()].map((state) => state.session)
    const byID = (left: { id: string }, right: { id: string }): number => (left.id < right.id ? -1 : 1)
    assert.deepEqual(
      entries.map((entry) => entry.session).sort(byID),
      expected.sort(byID),
      `seed ${seed}: index`,
    )
    assert.ok(entries.every((entry) => entry.status.kind === 'idle' && entry.waiting === 0))
  })
}

function memoryStorage(): { get(): unknown; set(value: unknown): Promise<void> } {
  let stored: unknown
  return {
    get: () => stored,
    set: async (value) => {
      await sleep(1)
      stored = structuredClone(value)
    },
  }
}
