import assert from 'node:assert/strict'
import type { Connection } from '../../../src/client/connection.ts'
import type { RunPrompt } from '../../../src/client/commands.ts'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import { toSessionID } from '../../../src/opencode/ids.ts'
import type { Message } from '../../../src/session/model.ts'
import { Courier } from '../../../src/sync/sending/courier.ts'
import { Outbox } from '../../../src/sync/sending/outbox.ts'
import { textPrompt } from './support/simulatedServer.ts'

const sessionID = toSessionID('ses_1')
const timing = { firstMs: 5, maxMs: 10, seenMs: 60, graceMs: 20 }

/** What a command or a shell line does on its way; unlike a prompt it may never go out twice by itself. */
describe('A run in the outbox', () => {
  let stored: unknown
  let courier: Courier
  let outbox: Outbox
  let runs: string[]
  let messages: Message[]
  let answer: (prompt: RunPrompt) => Promise<void>
  const storage = {
    get: () => stored,
    set: (value: unknown) => {
      stored = structuredClone(value)
      return Promise.resolve()
    },
  }
  const connection = {
    prompt: () => assert.fail('it is no message'),
    readMessages: () => Promise.resolve({ messages, older: undefined }),
    commands: {
      run: (_: unknown, prompt: RunPrompt) => {
        runs.push(prompt.id)
        return answer(prompt)
      },
    },
  } as unknown as Connection
  const run = (id: string): RunPrompt => ({ ...textPrompt(id, '!ls'), run: { kind: 'shell', line: 'ls' } })
  const open = (): void => {
    outbox = new Outbox(storage)
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined }
    courier = new Courier({ outbox, log, timing, onFound: () => undefined })
  }
  const state = () => outbox.entries()[0]?.state

  beforeEach(() => {
    stored = undefined
    runs = []
    messages = []
    answer = () => new Promise(() => undefined)
    open()
  })
  afterEach(() => courier.dispose())

  it('is done with when its message shows, long before it ends', async () => {
    courier.setConnection(connection)
    const prompt = run('1')
    outbox.add(sessionID, '/p', prompt)
    await until(() => runs.length === 1)
    courier.seen(prompt.id)
    assert.equal(outbox.entries().length, 0)
  })

  it('waits while the session is busy, and then goes out once', async () => {
    let refusals = 2
    answer = () =>
      refusals-- > 0 ? Promise.reject(new OpencodeError('busy', 'Busy.')) : new Promise(() => undefined)
    courier.setConnection(connection)
    outbox.add(sessionID, '/p', run('1'))
    await until(() => runs.length === 3)
    assert.equal(state(), 'sent')
  })

  it('fails and is not repeated when the line breaks before its message shows', async () => {
    answer = () => Promise.reject(new OpencodeError('connection-lost', 'Gone.'))
    courier.setConnection(connection)
    outbox.add(sessionID, '/p', run('1'))
    await until(() => state() === 'failed')
    assert.equal(runs.length, 1)
    assert.match(outbox.entries()[0]?.message ?? '', /It may have run/)
  })

  it('fails with the words of a server that refuses it', async () => {
    answer = () => Promise.reject(new OpencodeError('server-error', 'No such command.'))
    courier.setConnection(connection)
    outbox.add(sessionID, '/p', run('1'))
    await until(() => state() === 'failed')
    assert.deepEqual([runs.length, outbox.entries()[0]?.message], [1, 'No such command.'])
  })

  it('is found after a reload when it had arrived, and is not run again when it had not', async () => {
    courier.setConnection(connection)
    outbox.add(sessionID, '/p', run('1'))
    await until(() => runs.length === 1)
    courier.dispose()
    open()
    messages = [{ role: 'user', id: run('1').id, created: 1, blocks: [] }]
    courier.setConnection(connection)
    await until(() => outbox.entries().length === 0)

    messages = []
    outbox.add(sessionID, '/p', run('2'))
    await until(() => runs.length === 2)
    courier.dispose()
    open()
    courier.setConnection(connection)
    await until(() => state() === 'failed')
    assert.equal(runs.length, 2)
  })

  it('goes out after a reload when it never had before', async () => {
    outbox.add(sessionID, '/p', run('1'))
    await outbox.saved()
    courier.dispose()
    open()
    courier.setConnection(connection)
    await until(() => runs.length === 1)
    assert.deepEqual(outbox.entries()[0]?.prompt.run, { kind: 'shell', line: 'ls' })
  })
})

async function until(isTrue: () => boolean): Promise<void> {
  const end = Date.now() + 5_000
  while (!isTrue()) {
    assert.ok(Date.now() < end, 'waited too long')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
