import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import type { ServerEvent } from '../../../../src/client/connection.ts'
import { isSyncCopy } from '../../../../src/client/v1/events.ts'
import { readSession } from '../../../../src/client/v1/sessions.ts'
import { reduceSession } from '../../../../src/session/reducer.ts'
import { emptySession } from '../../../support/emptySession.ts'
import type { SessionState } from '../../../../src/session/state.ts'
import { actionsOf, decodeAll, loadFixture, messagesOf } from './fixtures.ts'

const directory = '/home/ada/project'

function wire(type: string, properties: object, place: unknown = directory): unknown {
  return { directory: place, payload: { id: 'evt_1', type, properties } }
}

function only(event: unknown): ServerEvent {
  const events = decodeAll([event])
  assert.equal(events.length, 1)
  return events[0] as ServerEvent
}

describe('events of a recorded turn', () => {
  const turns = [
    'bash',
    'edit',
    'write',
    'question',
    'reject',
    'reject-message',
    'abort-permission',
    'abort-bash',
    'abort-text',
    'error401',
    'error429',
    'drop-mid',
  ]
  for (const name of turns) {
    it(`lead to the same state as a fresh fetch: ${name}`, () => {
      const state = replay(name)
      assert.deepEqual(state.messages, messagesOf(name))
      assert.deepEqual(state.status, { kind: 'idle' })
      assert.deepEqual(state.requests, [])
    })
  }

  it('take back the request of an aborted run, which the server forgets', () => {
    const actions = actionsOf(decodeAll(loadFixture('abort-permission').events))
    const asked = actions.findIndex((action) => action.type === 'request/put')
    const gone = actions.findIndex((action) => action.type === 'request/removed')
    assert.ok(asked >= 0 && gone > asked)
  })

  it('say why a run failed', () => {
    assert.deepEqual(replay('error401').error, {
      name: 'APIError',
      message: 'The scripted model does not accept this API key.',
      kind: 'auth',
      status: 401,
      retryable: false,
    })
    assert.equal(replay('abort-text').error?.kind, 'aborted')
  })

  it('count down to the next try of the provider', () => {
    const statuses = actionsOf(decodeAll(loadFixture('error429').events)).flatMap((action) =>
      action.type === 'status' && action.status.kind === 'retry' ? [action.status] : [],
    )
    const [first] = statuses
    assert.equal(first?.attempt, 1)
    assert.ok(first.next > 1_700_000_000_000)
  })

  it('drop the half text of a step that the server repeats', () => {
    const actions = actionsOf(decodeAll(loadFixture('drop-mid').events))
    assert.equal(actions.filter((action) => action.type === 'block/removed').length, 1)
  })

  it('tell of the child session and of edited files', () => {
    const events = decodeAll(loadFixture('task').events)
    const sessions = new Set(events.flatMap((event) => (event.kind === 'session' ? [event.sessionID] : [])))
    assert.equal(sessions.size, 2)
    const child = events.find(
      (event) =>
        event.kind === 'session' && event.action.type === 'session/put' && event.action.session.parentID,
    )
    assert.ok(child)
    const edited = decodeAll(loadFixture('edit').events).filter((event) => event.kind === 'file-edited')
    assert.deepEqual(edited[0], { kind: 'file-edited', directory, path: `${directory}/a.txt` })
  })

  it('carry the whole permission request', () => {
    const actions = actionsOf(decodeAll(loadFixture('edit').events))
    const put = actions.find((action) => action.type === 'request/put')
    assert.ok(put?.request.kind === 'permission')
    const { action, patterns, always, path, diff } = put.request
    assert.deepEqual(
      { action, patterns, always, path },
      { action: 'edit', patterns: ['a.txt'], always: ['*'], path: `${directory}/a.txt` },
    )
    assert.match(diff ?? '', /\+TWO/)
    assert.equal(put.request.directory, directory)
    assert.match(put.request.callID ?? '', /^call_/)
  })
})

describe('single events', () => {
  const sessionID = 'ses_1'

  it('reset a directory, or everything', () => {
    assert.deepEqual(only(wire('server.instance.disposed', { directory: '/x' })), {
      kind: 'reset',
      directory: '/x',
    })
    assert.deepEqual(only(wire('global.disposed', {}, 'global')), { kind: 'reset', directory: undefined })
  })

  it('accept both forms of a delta', () => {
    const delta = { sessionID, messageID: 'msg_1', partID: 'prt_1', field: 'text', delta: 'He' }
    assert.deepEqual(only(wire('message.part.delta', delta)), {
      kind: 'session',
      sessionID,
      directory,
      action: { type: 'block/append', messageID: 'msg_1', blockID: 'prt_1', text: 'He' },
    })
    const part = {
      id: 'prt_1',
      messageID: 'msg_1',
      sessionID,
      type: 'text',
      text: 'Hello',
      time: { start: 1 },
    }
    const old = only(wire('message.part.updated', { part, delta: 'llo' }))
    assert.ok(old.kind === 'session' && old.action.type === 'block/put')
    assert.deepEqual(old.action.block, { type: 'text', id: 'prt_1', text: 'Hello', open: true })
    assert.deepEqual(decodeAll([wire('message.part.delta', { ...delta, field: 'raw' })]), [])
  })

  it('remove sessions, messages and blocks', () => {
    assert.deepEqual(only(wire('session.deleted', { info: { id: sessionID } })), {
      kind: 'session-removed',
      sessionID,
    })
    const message = only(wire('message.removed', { sessionID, messageID: 'msg_1' }))
    assert.ok(message.kind === 'session' && message.action.type === 'message/removed')
    const part = only(wire('message.part.removed', { sessionID, messageID: 'msg_1', partID: 'prt_1' }))
    assert.ok(part.kind === 'session' && part.action.type === 'block/removed')
  })

  it('are ignored when unknown, odd, or of our own credential check', () => {
    const odd: readonly unknown[] = [
      undefined,
      null,
      7,
      'text',
      [],
      {},
      { payload: null },
      { payload: { type: 9 } },
      wire('session.next.text.delta', { sessionID }),
      wire('constructor', {}),
      wire('session.updated', { info: null }),
      wire('session.updated', { info: { id: '../../etc' } }),
      wire('message.updated', { info: { id: 'msg_1', role: 'robot' } }),
      wire('message.updated', { info: { id: 'msg_1', role: 'user' } }),
      wire('message.part.updated', { part: { id: 'prt_1', type: 'text' } }),
      wire('message.part.updated', {
        part: { id: 'prt_1', messageID: 'msg_1', sessionID, type: 'hologram' },
      }),
      wire('message.part.delta', { sessionID, messageID: 'msg_1', partID: 'prt_1', field: 'text', delta: 4 }),
      wire('permission.asked', { id: 'per 1', sessionID }),
      wire('permission.replied', { sessionID }),
      wire('session.status', { status: { type: 'busy' } }),
      wire('session.error', { sessionID }),
      wire('file.edited', {}),
      wire('catalog.updated', {}, `${directory}/.opencode-credential-check-1-1`),
      { directory, payload: { type: 'sync', syncEvent: { type: 'session.created.1' } } },
    ]
    assert.deepEqual(decodeAll(odd), [])
  })

  it('of the sync kind are known by their text, and only they', () => {
    assert.equal(
      isSyncCopy('{"directory":"/p","project":"x","payload":{"type":"sync","syncEvent":{}}}'),
      true,
    )
    const text =
      '{"directory":"/p","payload":{"id":"evt_1","type":"x","properties":{"payload":{"type":"sync"}}}}'
    assert.equal(isSyncCopy(text), false)
    assert.equal(
      isSyncCopy('{"directory":"/a \\"payload\\":{\\"type\\":\\"sync\\"","payload":{"id":"evt_1"}}'),
      false,
    )
  })
})

/** The session as someone sees it who watched from the start. */
function replay(name: string): SessionState {
  const events = decodeAll(loadFixture(name).events)
  const first = events.find((event) => event.kind === 'session')
  assert.ok(first)
  const session = readSession({ id: first.sessionID })
  assert.ok(session)
  return actionsOf(events).reduce(reduceSession, emptySession(session))
}
