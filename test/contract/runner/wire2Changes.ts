import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { newMessageID } from '../../../src/opencode/newIds.ts'
import { dataOf, NothingToTry, toData } from './wireClient.ts'
import type { Data, WireClient } from './wireClient.ts'
import { idOf, parked, withSession } from './wire2Sessions.ts'
import type { Check } from './wire2Sessions.ts'

const waitMs = 15_000

/** Waits until a look gives something. */
async function eventually<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
  const end = performance.now() + waitMs
  while (performance.now() < end) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(200)
  }
  assert.fail(`${what} did not come within ${waitMs / 1000} s`)
}

async function refused(
  client: WireClient,
  request: readonly [string, string, Data?],
): Promise<readonly unknown[]> {
  const { status, body } = await client.ask(...request)
  return [status, body['_tag']]
}

/** What changes a session without asking a model. */
export const changeChecks: readonly Check[] = [
  {
    id: 'session-patch',
    run: (client) =>
      withSession(client, async (session) => {
        const path = `/api/session/${idOf(session)}`
        const { status, text } = await client.ask('PATCH', path, { metadata: { test: { kept: true } } })
        assert.deepEqual([status, text], [204, ''])
        assert.deepEqual((await client.data('GET', path))['metadata'], { test: { kept: true } })
      }),
  },
  {
    id: 'session-rules',
    run: async (client) => {
      const permissions = [{ action: 'shell', resource: '*', effect: 'deny' }]
      await withSession(
        client,
        async (session) =>
          assert.deepEqual(
            (await client.data('GET', `/api/session/${idOf(session)}`))['permissions'],
            permissions,
          ),
        { permissions },
      )
    },
  },
  {
    id: 'delete-children',
    run: (client) =>
      withSession(client, async (session) => {
        const child = await client.data('POST', '/api/session', { parentID: idOf(session) })
        const listed = await client.list(`/api/session?parentID=${idOf(session)}`)
        assert.deepEqual(listed.map(idOf), [idOf(child)])
        await client.ask('DELETE', `/api/session/${idOf(session)}`)
        assert.deepEqual(await refused(client, ['GET', `/api/session/${idOf(child)}`]), [
          404,
          'SessionNotFoundError',
        ])
      }),
  },
  {
    id: 'prompt-id',
    run: (client) =>
      withSession(client, async (session) => {
        const prompt = { ...parked(), id: 'not-a-message' }
        const path = `/api/session/${idOf(session)}/prompt`
        assert.deepEqual(await refused(client, ['POST', path, prompt]), [400, 'InvalidRequestError'])
      }),
  },
  {
    id: 'shell-message',
    run: (client) =>
      withSession(client, async (session) => {
        const id = newMessageID(Date.now())
        const path = `/api/session/${idOf(session)}`
        const { status } = await client.ask('POST', `${path}/shell`, { id, command: 'echo contract' })
        assert.equal(status, 204)
        const stored = await eventually('the end of the command', async () => {
          const { body } = await client.ask('GET', `${path}/message/${id}`)
          const message = toData(body['data'])
          return message['status'] === 'exited' ? message : undefined
        })
        const output = toData(stored['output'])['output']
        assert.deepEqual([stored['type'], stored['exit'], output], ['shell', 0, 'contract\n'])
      }),
  },
  {
    id: 'export',
    run: (client) =>
      withSession(client, async (session) => {
        const data = await client.data('GET', `/api/experimental/session/${idOf(session)}/export`)
        assert.deepEqual([idOf(toData(data['info'])), Array.isArray(data['messages'])], [idOf(session), true])
      }),
  },
  {
    id: 'permission-gone',
    run: (client) =>
      withSession(client, async (session) => {
        const path = `/api/session/${idOf(session)}/permission/per_certainlynotthere/reply`
        const found = await refused(client, ['POST', path, { decision: 'once' }])
        assert.deepEqual(found, [404, 'PermissionNotFoundError'])
      }),
  },
  {
    id: 'form-gone',
    run: (client) =>
      withSession(client, async (session) => {
        const path = `/api/session/${idOf(session)}/form/frm_certainlynotthere/reply`
        assert.deepEqual(await refused(client, ['POST', path, { answer: {} }]), [404, 'FormNotFoundError'])
      }),
  },
  {
    id: 'fs-bytes',
    run: async (client) => {
      const entries = await client.list(`/api/fs/list?path=.&${client.at()}`)
      const file = entries.find(({ type }) => type === 'file')
      if (!file) throw new NothingToTry('there is no file in this folder to be read')
      const path = String(file['path']).split('/').map(encodeURIComponent).join('/')
      const { status, type, text } = await client.ask('GET', `/api/fs/read/${path}?${client.at()}`)
      assert.equal(status, 200)
      assert.ok(!type.includes('html') && !text.startsWith('{"location"'), `${type} in an envelope or a page`)
    },
  },
  {
    id: 'mcp-server',
    run: async (client) => {
      const path = `/api/experimental/mcp/certainly-not-there/connect?${client.at()}`
      assert.deepEqual(await refused(client, ['POST', path]), [404, 'McpServerNotFoundError'])
    },
  },
  {
    id: 'reload',
    run: async (client) => {
      assert.equal((await client.ask('POST', `/api/location/reload?${client.at()}`)).status, 204)
    },
  },
  {
    id: 'session-events',
    run: (client) =>
      withSession(client, async (session) => {
        const id = `ses_${newMessageID(Date.now()).slice('msg_'.length)}`
        const { location } = session
        const make = (): Promise<unknown> => client.ask('POST', '/api/session', { id, location })
        const isMade = (frame: Data): boolean =>
          frame['type'] === 'session.created' && dataOf(frame)['sessionID'] === id
        const made = (await client.frames(make, isMade)).at(-1) ?? {}
        await client.ask('DELETE', `/api/session/${id}`)
        assert.deepEqual(dataOf(made)['location'], location)
        assert.deepEqual(Object.keys(toData(made['durable'])).sort(), ['aggregateID', 'seq', 'version'])
      }),
  },
]
