import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Memento } from 'vscode'
import { toMessageID, toSessionID } from '../../src/opencode/ids.ts'
import { BlobStore } from '../../src/platform/blobs.ts'
import { StoredValue } from '../../src/platform/storage.ts'
import { inlinePart } from '../../src/prompt/attachment.ts'
import { composePrompt } from '../../src/prompt/prompt.ts'
import type { AssistantMessage, Message, RunStatus } from '../../src/session/model.ts'
import { emptySession } from '../support/emptySession.ts'
import { Outbox } from '../../src/sync/sending/outbox.ts'
import { Emitter } from '../../src/util/event.ts'
import type { Backend } from '../../src/views/backend/backends.ts'
import { PromptQueue } from '../../src/views/composer/promptQueue.ts'
import { QueueStorage } from '../../src/views/composer/queueStorage.ts'
import type { QueueEntry } from '../../src/views/composer/queueStorage.ts'
import { until } from './support.ts'

const sessionID = toSessionID('ses_queue')

describe('The queue', () => {
  let directory: string
  let memento: Memento
  let queue: PromptQueue
  let world: ReturnType<typeof fakeBackend>

  const storage = (): QueueStorage =>
    new QueueStorage(new StoredValue(memento, 'queue'), new BlobStore(directory, ['queue']))
  const open = (): void => {
    queue = new PromptQueue({
      storage: storage(),
      backends: { for: () => world.backend, onDidChange: new Emitter<undefined>().event },
      compose: ({ text, attachments }) => Promise.resolve(composePrompt(text, attachments)),
      log: { warn: () => undefined },
    })
  }
  const entry = (id: string, part: Partial<QueueEntry> = {}): QueueEntry => ({
    id,
    sessionID,
    directory: '/p',
    text: `text of ${id}`,
    attachments: [],
    ...part,
  })
  const texts = () => queue.state(sessionID)?.prompts.map(({ text }) => text)
  const sent = () =>
    world.outbox.entries().map(({ prompt: { parts } }) => (parts[0]?.type === 'text' ? parts[0].text : ''))

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'queue-'))
    memento = fakeMemento()
    world = fakeBackend()
    open()
  })
  afterEach(async () => {
    queue.dispose()
    await rm(directory, { recursive: true, force: true })
  })

  it('keeps its prompts with their attachments over a reload, in their order', async () => {
    world.set({ kind: 'busy' })
    const big = { item: chip('big'), parts: [inlinePart('big', 'x'.repeat(200_000))] }
    await queue.add(entry('a'))
    await queue.add(entry('b', { attachments: [big] }))
    await queue.add(entry('c'))
    await queue.move('c', 0)
    await queue.update('a', 'changed')
    queue.dispose()
    assert.ok(JSON.stringify(memento.get('queue')).length < 5_000)
    open()
    assert.deepEqual(texts(), ['text of c', 'changed', 'text of b'])
    assert.deepEqual(storage().read().at(-1)?.attachments, [big])
    await queue.remove('c')
    assert.deepEqual(texts(), ['changed', 'text of b'])
  })

  it('sends one after the other, each only when the answer before is complete', async () => {
    world.set({ kind: 'busy' }, [user('1')])
    await queue.add(entry('a'))
    await queue.add(entry('b'))
    await pause(800)
    assert.deepEqual(sent(), [])
    world.set({ kind: 'idle' }, [user('1'), answer('2')])
    await until('the first is sent', () => sent().length === 1)
    assert.deepEqual([sent(), texts()], [['text of a'], ['text of b']])
    const first = world.outbox.entries()[0]?.prompt.id ?? assert.fail()
    world.outbox.remove(first)
    world.set({ kind: 'idle' }, [user('1'), answer('2'), user('3')])
    await pause(800)
    assert.deepEqual(sent(), [])
    world.set({ kind: 'idle' }, [user('1'), answer('2'), user('3'), answer('4')])
    await until('the second is sent', () => sent().length === 1)
    assert.equal(queue.state(sessionID), undefined)
  })

  it('stops after a run that was stopped or failed, and goes on when told', async () => {
    const error = { name: 'MessageAbortedError', message: 'Aborted', kind: 'aborted' as const }
    world.set({ kind: 'idle' }, [user('1'), answer('2', { error })])
    await queue.add(entry('a'))
    await until('the queue pauses', () => queue.state(sessionID)?.paused !== undefined)
    assert.deepEqual(sent(), [])
    queue.resume(sessionID)
    await until('it is sent', () => sent().length === 1)
  })

  it('sends at once what is to join the run', async () => {
    world.set({ kind: 'busy' }, [user('1')])
    await queue.add(entry('a'))
    await queue.add(entry('b'))
    await queue.sendNow('b')
    assert.deepEqual([sent(), texts()], [['text of b'], ['text of a']])
  })

  it('looks for a prompt that may have gone out before a crash, under the same id', async () => {
    queue.dispose()
    const handedOver = toMessageID('msg_0000lost')
    await storage().write([entry('a', { handedOver })])
    world.set({ kind: 'idle' }, [])
    open()
    await until('it is in the outbox', () => world.outbox.entries().length === 1)
    assert.deepEqual(
      world.outbox.entries().map(({ prompt, state }) => [prompt.id, state]),
      [[handedOver, 'sent']],
    )
    await until('it left the queue', () => queue.state(sessionID) === undefined)
  })
})

function fakeBackend() {
  const outbox = new Outbox({ get: () => undefined, set: () => Promise.resolve() })
  const changed = new Emitter<readonly never[]>()
  const session = { id: sessionID, title: '', untitled: false, directory: '/p', created: 0, updated: 0 }
  let state = emptySession(session)
  const hub = {
    connection: {},
    onDidChangeLink: new Emitter<undefined>().event,
    open: () => ({
      get state() {
        return state
      },
      isLoading: false,
      error: undefined,
      onDidChange: changed.event,
      dispose: () => undefined,
    }),
    send: (id: typeof sessionID, prompt: Parameters<Outbox['add']>[2]) => outbox.add(id, '/p', prompt),
  }
  return {
    outbox,
    backend: { hub, outbox } as unknown as Backend,
    set(status: RunStatus, messages: readonly Message[] = []) {
      state = { ...state, status, messages }
      changed.fire([])
    },
  }
}

function user(id: string): Message {
  return { role: 'user', id: toMessageID(`msg_${id}`), created: Number(id), blocks: [] }
}

function answer(id: string, part: Partial<AssistantMessage> = {}): Message {
  const tokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 }
  const created = Number(id)
  return {
    role: 'assistant',
    id: toMessageID(`msg_${id}`),
    created,
    completed: created,
    blocks: [],
    cost: 0,
    tokens,
    ...part,
  }
}

function chip(id: string) {
  return { id, kind: 'file' as const, label: id, detail: id }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function fakeMemento(): Memento {
  const map = new Map<string, unknown>()
  return {
    keys: () => [...map.keys()],
    get: <T>(key: string, otherwise?: T) => (map.has(key) ? structuredClone(map.get(key)) : otherwise) as T,
    update: (key: string, value: unknown) => {
      map.set(key, structuredClone(value))
      return Promise.resolve()
    },
  }
}
