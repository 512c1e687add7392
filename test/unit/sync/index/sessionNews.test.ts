import assert from 'node:assert/strict'
import { toSessionID } from '../../../../src/opencode/ids.ts'
import type { RunError, RunStatus } from '../../../../src/session/model.ts'
import { SessionNews } from '../../../../src/sync/index/sessionNews.ts'
import { session } from '../../session/support/builders.ts'

const id = toSessionID('ses_1')
const status = (kind: 'idle' | 'busy') => ({ type: 'status', status: { kind } }) as const
const failure = (kind: RunError['kind']) =>
  ({ type: 'error', error: { name: 'X', message: 'x', kind } }) as const
const setUp = () => {
  const news = new SessionNews()
  const ends: string[] = []
  news.onDidEndRun(({ outcome }) => void ends.push(outcome))
  return { news, ends }
}

describe('News of sessions', () => {
  it('tell the end of a run once, though the server says idle twice', () => {
    const { news, ends } = setUp()
    for (const kind of ['busy', 'busy', 'idle', 'idle'] as const) news.receive(id, '/p', status(kind))
    assert.deepEqual(ends, ['finished'])
    assert.equal(news.isRunning(id), false)
  })

  it('tell a failure from a stop by hand', () => {
    const { news, ends } = setUp()
    for (const kind of ['provider', 'aborted'] as const) {
      news.receive(id, '/p', status('busy'))
      news.receive(id, '/p', failure(kind))
      news.receive(id, '/p', status('idle'))
    }
    assert.deepEqual(ends, ['failed', 'stopped'])
  })

  it('do not call a run failed that went on after an error', () => {
    const { news, ends } = setUp()
    news.receive(id, '/p', status('busy'))
    news.receive(id, '/p', failure('context-overflow'))
    news.receive(id, '/p', status('busy'))
    news.receive(id, '/p', status('idle'))
    assert.deepEqual(ends, ['finished'])
  })

  it('tell an end that was missed while the stream was down, and none of another server', () => {
    const { news, ends } = setUp()
    const idle: RunStatus = { kind: 'idle' }
    news.receive(id, '/p', status('busy'))
    news.sync([session()], () => idle)
    news.sync([session()], () => idle)
    assert.deepEqual(ends, ['finished'])
    news.receive(id, '/p', status('busy'))
    news.reset()
    news.sync([session()], () => idle)
    assert.deepEqual(ends, ['finished'])
  })
})
