import assert from 'node:assert/strict'
import { NothingToTry, toData } from './wireClient.ts'
import type { WireClient } from './wireClient.ts'
import { idOf, parked, withSession } from './wire2Sessions.ts'
import type { Check } from './wire2Sessions.ts'

/** @throws NothingToTry in a folder outside of any repository */
async function needsGit(client: WireClient): Promise<void> {
  const vcs = await client.data('GET', `/api/vcs?${client.at()}`)
  if (vcs['provider'] !== 'git') throw new NothingToTry('this folder is in no git repository')
}

async function projectOf(client: WireClient): Promise<string> {
  const { body } = await client.ask('GET', `/api/location?${client.at()}`)
  const project = toData(toData(body['location'] ?? body['data'])['project'])
  assert.equal(typeof project['id'], 'string')
  return encodeURIComponent(idOf(project))
}

/** What only 2.x has. Nothing of the user's is changed: rules and working copies are looked at alone. */
export const workChecks: readonly Check[] = [
  {
    id: 'inbox-change',
    run: (client) =>
      withSession(client, async (session) => {
        const path = `/api/session/${idOf(session)}`
        const prompt = parked()
        await client.data('POST', `${path}/prompt`, prompt)
        const item = `${path}/inbox/${prompt.id}`
        assert.equal((await client.ask('PATCH', item, { delivery: 'steer' })).status, 204)
        const [steered] = await client.list(`${path}/inbox`)
        assert.equal(steered?.['delivery'], 'steer')
        assert.equal((await client.ask('DELETE', item)).status, 204)
        assert.equal((await client.ask('DELETE', item)).status, 204)
        assert.deepEqual(await client.list(`${path}/inbox`), [])
      }),
  },
  {
    id: 'saved-permissions',
    run: async (client) => {
      for (const rule of await client.list(`/api/permission/saved?projectID=${await projectOf(client)}`))
        assert.deepEqual(
          ['id', 'action', 'resource'].map((name) => typeof rule[name]),
          ['string', 'string', 'string'],
        )
    },
  },
  {
    id: 'shell-list',
    run: async (client) => {
      await client.list(`/api/shell?${client.at()}`)
    },
  },
  {
    id: 'vcs',
    run: async (client) => {
      await needsGit(client)
      const status = await client.list(`/api/vcs/status?${client.at()}`)
      const diff = await client.list(`/api/vcs/diff?mode=working&${client.at()}`)
      assert.deepEqual(diff.map(({ file }) => file).sort(), status.map(({ file }) => file).sort())
    },
  },
  {
    id: 'worktree',
    run: async (client) => {
      await needsGit(client)
      const { status, text } = await client.ask('GET', `/api/worktree?projectID=${await projectOf(client)}`)
      assert.equal(status, 200)
      const list: unknown = JSON.parse(text)
      assert.ok(Array.isArray(list), 'the answer is no list')
      const nameless = list.filter((item) => typeof toData(item)['directory'] !== 'string')
      assert.deepEqual(nameless, [], 'a working copy has no directory')
    },
  },
  {
    id: 'environment',
    run: (client) =>
      withSession(client, async (session) => {
        const path = `/api/session/${idOf(session)}/environment`
        assert.equal((await client.ask('PUT', path, { variables: { TEST: 'kept' } })).status, 204)
      }),
  },
  {
    id: 'log',
    run: (client) =>
      withSession(client, async (session) => {
        const { status, type, text } = await client.ask(
          'GET',
          `/api/experimental/session/${idOf(session)}/log`,
        )
        assert.deepEqual([status, type.split(';')[0]], [200, 'text/event-stream'])
        const frames = text
          .split('\n')
          .flatMap((line) => (line.startsWith('data:') ? [toData(JSON.parse(line.slice(5)))] : []))
        const [first = {}] = frames
        assert.deepEqual(
          [first['type'], typeof toData(first['durable'])['seq']],
          ['session.created', 'number'],
        )
        assert.match(String(toData(frames.at(-1))['type']), /^log\./)
      }),
  },
]
