import assert from 'node:assert/strict'
import { toSessionID } from '../../../../src/opencode/ids.ts'
import type { Prompt } from '../../../../src/session/model.ts'
import { Outbox } from '../../../../src/sync/sending/outbox.ts'
import { textPrompt } from '../support/simulatedServer.ts'

const sessionID = toSessionID('ses_1')

describe('Outbox', () => {
  let stored: unknown
  const storage = {
    get: () => stored,
    set: (value: unknown) => {
      stored = JSON.parse(JSON.stringify(value))
      return Promise.resolve()
    },
  }

  beforeEach(() => {
    stored = undefined
  })

  it('has a prompt with all its parts again after a reload', async () => {
    const prompt: Prompt = {
      ...textPrompt('1', 'hello'),
      agent: 'build',
      model: { providerID: 'mock', modelID: 'mock', variant: 'high' },
      parts: [
        ...textPrompt('1', 'hello').parts,
        {
          type: 'file',
          id: id('prt_2'),
          path: '/a.ts',
          name: 'a.ts',
          mime: 'text/plain',
          lines: { start: 1, end: 2 },
        },
        { type: 'inline', id: id('prt_3'), name: 'p.png', mime: 'image/png', base64: 'AAAA' },
        { type: 'agent', id: id('prt_4'), name: 'explore' },
      ],
    }
    const outbox = new Outbox(storage)
    outbox.add(sessionID, '/project', prompt)
    await outbox.saved()
    assert.deepEqual(new Outbox(storage).entries(), [
      { sessionID, directory: '/project', prompt, state: 'waiting' },
    ])
  })

  it('forgets over a reload what nobody waits for any more', async () => {
    const outbox = new Outbox(storage)
    outbox.add(sessionID, '/project', textPrompt('1', 'kept'))
    outbox.add(sessionID, '/project', textPrompt('2', 'of another extension'), { isVolatile: true })
    outbox.markSent(textPrompt('2', '').id)
    assert.equal(outbox.entries().length, 2)
    await outbox.saved()
    const kept = new Outbox(storage).entries().map(({ prompt }) => prompt.id)
    assert.deepEqual(kept, [textPrompt('1', '').id])
  })

  it('leaves out what makes no sense in storage, and keeps the rest', () => {
    const good = { sessionID, directory: '', prompt: textPrompt('1', 'x'), state: 'failed', message: 'No.' }
    stored = {
      version: 1,
      entries: [null, { sessionID: '../x' }, good, { ...good, prompt: { id: 'msg_2', parts: [7] } }],
    }
    assert.deepEqual(new Outbox(storage).entries(), [good])
    for (const value of [undefined, 'x', { version: 2, entries: [good] }, { version: 1, entries: {} }]) {
      stored = value
      assert.deepEqual(new Outbox(storage).entries(), [])
    }
  })

  it('is empty for good when its server is given up', async () => {
    const outbox = new Outbox(storage)
    outbox.add(sessionID, '', textPrompt('1', 'x'))
    outbox.add(toSessionID('ses_2'), '', textPrompt('2', 'y'))
    const told: string[] = []
    outbox.onDidChange((session) => told.push(session))
    outbox.clear()
    await outbox.saved()
    assert.deepEqual(new Outbox(storage).entries(), [])
    assert.deepEqual(told, ['ses_1', 'ses_2'])
  })

  it('counts the same prompt once', () => {
    const outbox = new Outbox(storage)
    outbox.add(sessionID, '', textPrompt('1', 'x'))
    outbox.add(sessionID, '', textPrompt('1', 'x'))
    assert.equal(outbox.entries().length, 1)
  })

  it('gives no prompt back that the server has or is getting', () => {
    const outbox = new Outbox(storage)
    const prompt = textPrompt('1', 'x')
    outbox.add(sessionID, '', prompt)
    const held = outbox.hold(prompt.id)
    assert.equal(outbox.recall(prompt.id), undefined)
    outbox.markSent(prompt.id)
    held.dispose()
    assert.equal(outbox.recall(prompt.id), undefined)
    outbox.markFailed(prompt.id, 'No.')
    assert.deepEqual(outbox.recall(prompt.id), prompt)
    assert.deepEqual(outbox.entries(), [])
  })

  it('goes on storing after a write that failed', async () => {
    let fails = true
    const outbox = new Outbox({
      get: () => undefined,
      set: (value) => (fails ? Promise.reject(new Error('full')) : storage.set(value)),
    })
    outbox.add(sessionID, '', textPrompt('1', 'x'))
    await assert.rejects(outbox.saved())
    fails = false
    outbox.add(sessionID, '', textPrompt('2', 'y'))
    await outbox.saved()
    assert.equal(new Outbox(storage).entries().length, 2)
  })
})

function id(text: string): Prompt['parts'][number]['id'] {
  return text as Prompt['parts'][number]['id']
}
