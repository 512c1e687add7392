import assert from 'node:assert/strict'
import path from 'node:path'
import { connect } from '../../../src/client/connect.ts'
import type { Connection } from '../../../src/client/connection.ts'
import { newBlockID, newMessageID } from '../../../src/opencode/newIds.ts'
import type { Prompt } from '../../../src/session/model.ts'
import { Outbox } from '../../../src/sync/sending/outbox.ts'
import { SessionHub } from '../../../src/sync/sessionHub.ts'
import type { SessionStore } from '../../../src/sync/sessionHub.ts'
import { startLab } from '../../support/opencodeLab.ts'
import type { Lab, LabServer } from '../../support/opencodeLab.ts'
import { Random } from '../session/support/random.ts'
import { startManglingProxy } from './support/manglingProxy.ts'
import { comparable, eventually } from './support/settled.ts'

const quiet = { debug() {}, info() {}, warn() {} }
const rounds = 6
const promptsPerRound = 4

/** By the property: whatever the line does, each prompt runs once, and what we hold is what a fetch tells. */
describe('A 2.x server behind a line that repeats, loses and breaks', function () {
  this.timeout(180_000)
  let lab: Lab
  let server: LabServer
  const total = { twice: 0, cut: 0, lostAnswer: 0 }

  before(async () => {
    lab = await startLab({ wire: 2, config: { permission: { bash: 'allow', edit: 'allow' } } })
    server = await lab.startServer()
  })
  after(() => lab.dispose())

  async function run(seed: number): Promise<void> {
    const random = new Random(seed)
    const mischief = { twice: 0.2, cut: 0.08, lostAnswer: 0.4 }
    const proxy = await startManglingProxy(server.url, mischief, random)
    const { username, password } = server
    const direct = await connect({ url: server.url, username, password }, { log: quiet })
    const connection = await connect({ url: proxy.url, username, password }, { log: quiet })
    const outbox = new Outbox({ get: () => undefined, set: () => Promise.resolve() })
    const courierTiming = { firstMs: 50, maxMs: 500, seenMs: 5_000, graceMs: 500 }
    const hub = new SessionHub({ outbox, log: quiet, settleDelayMs: 500, courierTiming })
    try {
      const { id } = await direct.createSession(lab.project, { title: `Seed ${seed}` })
      hub.setConnection(connection)
      const store = hub.open(id, lab.project)
      await eventually(() => assert.ok(store.state), 20_000)
      const sent = Array.from({ length: promptsPerRound }, (_, index) =>
        prompt(script(lab, random, seed, index)),
      )
      for (const each of sent) hub.send(id, each)
      await eventually(() => assert.deepEqual(outbox.entries(), []), 60_000)
      proxy.calm(true)
      await settled(direct, store)
      const said = (store.state?.messages ?? []).filter(({ role }) => role === 'user').map((each) => each.id)
      assert.deepEqual(
        said,
        sent.map((each) => each.id),
      )
      const marks = lab.model.requests.flatMap(({ kind, toolResults, prompt: text }) =>
        kind === 'chat' && toolResults === 0
          ? (text.match(new RegExp(`mark-${seed}-\\d`, 'g')) ?? []).slice(-1)
          : [],
      )
      assert.equal(new Set(marks).size, marks.length, `asked twice: ${marks.join()}`)
      for (const kind of ['twice', 'cut', 'lostAnswer'] as const) total[kind] += proxy.done[kind]
    } finally {
      hub.dispose()
      await connection.close()
      await direct.close()
      await proxy.close()
    }
  }

  for (let seed = 1; seed <= rounds; seed++)
    it(`runs each prompt once and ends equal to a fresh fetch (seed ${seed})`, () => run(seed))

  it('was mangled indeed', () => {
    assert.ok(total.twice > 5 && total.cut > 5 && total.lostAnswer > 2, JSON.stringify(total))
  })

  async function settled(direct: Connection, store: SessionStore): Promise<void> {
    const { id } = store.state?.session ?? assert.fail('nothing is open')
    await eventually(async () => {
      const [session, page] = await Promise.all([direct.getSession(id), direct.readMessages(id, 60)])
      const { state } = store
      assert.ok(state)
      assert.deepEqual([state.status.kind, (await direct.readStatus(lab.project)).size], ['idle', 0])
      const fresh = { ...state, session, messages: page.messages, hasOlder: page.older !== undefined }
      assert.deepEqual(comparable(state), comparable({ ...fresh, requests: [] }))
    }, 60_000)
  }
})

function script(lab: Lab, random: Random, seed: number, index: number): string {
  const mark = `mark-${seed}-${index} [[delay:4]][[chunk:6]]`
  const command = `[[tool:bash {"command":"echo ${index}"}]]`
  const file = JSON.stringify({ filePath: path.join(lab.project, `f${index}.txt`), content: `${seed}\n` })
  const middle = random.chance(0.5) ? command : `[[reason:Thinking of it.]][[tool:write ${file}]]`
  return `${mark}[[text:Before ${index}.]]${random.chance(0.7) ? middle : ''}[[text:The end of number ${index}.]]`
}

function prompt(text: string): Prompt {
  const now = Date.now()
  return { id: newMessageID(now), created: now, parts: [{ type: 'text', id: newBlockID(now), text }] }
}
