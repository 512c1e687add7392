import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../../../src/client/connection.ts'
import type { Session } from '../../../src/session/model.ts'
import { NothingToTry } from './wireClient.ts'

export interface CommonCheck {
  readonly id: string
  readonly run: (connection: Connection, directory: string) => Promise<void>
}

async function withSession(
  connection: Connection,
  directory: string,
  use: (session: Session) => Promise<void>,
): Promise<void> {
  const session = await connection.createSession(directory, { title: 'Contract' })
  try {
    await use(session)
  } finally {
    await connection.deleteSession(session.id)
  }
}

/** What every wire must give through its adapter, whatever its routes are. */
export const commonChecks: readonly CommonCheck[] = [
  {
    id: 'a session is made, renamed, listed, read and deleted',
    run: (connection, directory) =>
      withSession(connection, directory, async ({ id }) => {
        assert.equal((await connection.renameSession(id, 'Renamed')).title, 'Renamed')
        const listed = await connection.listSessions({ directory, roots: true })
        assert.equal(listed.find((session) => session.id === id)?.title, 'Renamed')
        assert.deepEqual(await connection.readMessages(id, 10), { messages: [], older: undefined })
      }),
  },
  {
    id: 'a session that is gone is not found',
    run: async (connection, directory) => {
      const session = await connection.createSession(directory)
      await connection.deleteSession(session.id)
      await assert.rejects(connection.getSession(session.id), { code: 'not-found' })
    },
  },
  {
    id: 'the stream comes up, and tells of a renamed session',
    run: (connection, directory) =>
      withSession(connection, directory, async ({ id }) => {
        const stop = new AbortController()
        const timer = setTimeout(() => stop.abort(), 30_000)
        // A 1.18 server tells nothing of what happens in the moment after it says that the stream is up.
        const rename = async (): Promise<void> => {
          while (!stop.signal.aborted) {
            await connection.renameSession(id, 'Heard')
            await sleep(500)
          }
        }
        let renaming = Promise.resolve()
        try {
          for await (const event of connection.events(stop.signal)) {
            if (event.kind === 'up') renaming = rename().catch(() => stop.abort())
            if (event.kind !== 'session' || event.action.type !== 'session/put') continue
            if (event.action.session.title === 'Heard') return
          }
          assert.fail('the change was not told')
        } finally {
          clearTimeout(timer)
          stop.abort()
          await renaming
        }
      }),
  },
  {
    id: 'agents and models can be picked',
    run: async (connection, directory) => {
      const catalog = await connection.readCatalog(directory)
      assert.ok(catalog.agents.length > 0, 'there is no agent to pick')
      if (catalog.models.length === 0) throw new NothingToTry('no model is set up for this folder')
    },
  },
  {
    id: 'nothing runs and nothing waits where nothing was asked for',
    run: (connection, directory) =>
      withSession(connection, directory, async ({ id }) => {
        assert.equal((await connection.readStatus(directory)).get(id), undefined)
        const requests = await connection.readRequests(directory)
        const own = requests.filter(({ sessionID }) => sessionID === id)
        assert.deepEqual(own, [], 'something waits in a new session')
        await connection.abort(id)
      }),
  },
  {
    id: 'a session is copied',
    run: (connection, directory) =>
      withSession(connection, directory, async ({ id }) => {
        const fork = await connection.history.fork(id)
        await connection.deleteSession(fork.id)
        assert.notEqual(fork.id, id)
      }),
  },
  {
    id: 'the sessions of all folders are listed page by page',
    run: async (connection) => {
      const { sessions } = await connection.library.list({ limit: 5 })
      assert.ok(sessions.length <= 5, `a page of 5 has ${sessions.length}`)
    },
  },
]
