import assert from 'node:assert/strict'
import { dataOf, NothingToTry, toData } from './wireClient.ts'
import { changeChecks } from './wire2Changes.ts'
import { turnChecks } from './wire2Turns.ts'
import { idOf as id, parked, withSession } from './wire2Sessions.ts'
import type { Check } from './wire2Sessions.ts'
import { workChecks } from './wire2Work.ts'
import type { Data } from './wireClient.ts'

/** What can be tried of the 2.x contract without a model. */
const quietChecks: readonly Check[] = [
  {
    id: 'info',
    run: async (client) => {
      const { body, type } = await client.ask('GET', '/api/info')
      assert.match(type, /json/)
      assert.deepEqual(
        [typeof body['version'], typeof body['pid'], Array.isArray(body['urls'])],
        ['string', 'number', true],
      )
    },
  },
  {
    id: 'auth',
    run: async (client) => {
      const { status, body } = await client.ask('GET', '/api/info', undefined, {
        authorization: 'Basic eDp5',
      })
      assert.deepEqual([status, body['_tag']], [401, 'UnauthorizedError'])
    },
  },
  {
    id: 'web-page',
    run: async (client) => {
      const page = await client.ask('GET', '/certainly-not-there')
      assert.ok(page.status === 200 && page.type.includes('html'), `HTTP ${page.status}, ${page.type}`)
      assert.equal((await client.ask('GET', '/api/certainly-not-there')).status, 404)
    },
  },
  {
    id: 'no-health',
    run: async (client) => {
      assert.equal((await client.ask('GET', '/api/health')).status, 404)
      assert.match((await client.ask('GET', '/global/health')).type, /html/)
    },
  },
  {
    id: 'envelope',
    run: async (client) => {
      const { body } = await client.ask('GET', `/api/agent?${client.at()}`)
      assert.equal(typeof toData(body['location'])['directory'], 'string')
      assert.ok(Array.isArray(body['data']), 'data is no list')
    },
  },
  {
    id: 'error',
    run: async (client) => {
      const { status, body } = await client.ask('GET', '/api/session/ses_certainlynotthere')
      assert.deepEqual(
        [status, body['_tag'], typeof body['message']],
        [404, 'SessionNotFoundError', 'string'],
      )
    },
  },
  {
    id: 'location',
    run: async (client) => {
      const { status, body } = await client.ask('GET', `/api/agent?${client.at('/certainly/not/there')}`)
      assert.deepEqual([status, body['_tag']], [404, 'LocationNotFoundError'])
    },
  },
  {
    id: 'location-percent',
    run: async (client) => {
      const { body } = await client.ask('GET', `/api/agent?${client.at('/certainly/100%25/there')}`)
      assert.match(String(body['message']), /100%25/)
    },
  },
  {
    id: 'create-location',
    run: (client) =>
      withSession(client, async (session) => {
        const { directory } = client.target
        const place = toData(session['location'])['directory']
        if (directory !== undefined) assert.equal(place, directory)
        assert.match(id(session), /^ses/)
      }),
  },
  {
    id: 'session-list',
    run: (client) =>
      withSession(client, async (session) => {
        const { body } = await client.ask('GET', '/api/session?limit=1000&parentID=null&order=desc')
        const listed = (body['data'] as readonly Data[]).map(id)
        assert.ok(listed.includes(id(session)), 'a new session is not listed among the roots')
        assert.ok(toData(body['cursor'])['next'] !== undefined, 'there is no cursor behind a short page')
      }),
  },
  {
    id: 'active',
    run: async (client) => {
      await client.data('GET', '/api/session/active')
    },
  },
  {
    id: 'prompt-admitted',
    run: (client) =>
      withSession(client, async (session) => {
        const prompt = parked()
        const first = await client.data('POST', `/api/session/${id(session)}/prompt`, prompt)
        const second = await client.data('POST', `/api/session/${id(session)}/prompt`, prompt)
        assert.deepEqual([first['id'], second['id'], first['type']], [prompt.id, prompt.id, 'user'])
        assert.equal((await client.list(`/api/session/${id(session)}/inbox`)).length, 1)
      }),
  },
  {
    id: 'prompt-conflict',
    run: (client) =>
      withSession(client, async (session) => {
        const prompt = parked()
        await client.data('POST', `/api/session/${id(session)}/prompt`, prompt)
        const other = await client.ask('POST', `/api/session/${id(session)}/prompt`, {
          ...prompt,
          text: 'Another',
        })
        assert.deepEqual([other.status, other.body['_tag']], [409, 'ConflictError'])
      }),
  },
  {
    id: 'prompt-metadata',
    run: (client) =>
      withSession(client, async (session) => {
        await client.data('POST', `/api/session/${id(session)}/prompt`, parked())
        const [item] = await client.list(`/api/session/${id(session)}/inbox`)
        assert.deepEqual(toData(toData(item)['payload'])['metadata'], { test: { kept: true } })
      }),
  },
  {
    id: 'interrupt-idle',
    run: (client) =>
      withSession(client, async (session) => {
        const { status, body } = await client.ask(
          'POST',
          `/api/session/${id(session)}/interrupt?resume=false`,
        )
        assert.deepEqual([status, body], [200, { interrupted: false }])
      }),
  },
  {
    id: 'no-session-updated',
    run: (client) =>
      withSession(client, async (session) => {
        const own = (frame: Data): boolean => dataOf(frame)['sessionID'] === id(session)
        const rename = () => client.ask('PATCH', `/api/session/${id(session)}`, { title: 'Renamed' })
        const frames = await client.frames(
          rename,
          (frame) => own(frame) && frame['type'] === 'session.renamed',
        )
        assert.equal(dataOf(frames.at(-1) ?? {})['title'], 'Renamed')
        assert.deepEqual(toData(frames.at(-1)?.['location']), toData(session['location']))
      }),
  },
  {
    id: 'event-stream',
    run: async (client) => {
      const [first] = await client.frames(
        async () => undefined,
        () => true,
      )
      assert.deepEqual([first?.['type'], typeof first?.['data']], ['server.connected', 'object'])
    },
  },
  {
    id: 'fork',
    run: (client) =>
      withSession(client, async (session) => {
        const fork = await client.data('POST', `/api/session/${id(session)}/fork`, {})
        await client.ask('DELETE', `/api/session/${id(fork)}`)
        assert.equal(fork['parentID'], undefined)
        assert.equal(toData(fork['fork'])['sessionID'], id(session))
      }),
  },
  {
    id: 'agent-and-model',
    run: (client) =>
      withSession(client, async (session) => {
        const path = `/api/session/${id(session)}`
        assert.equal((await client.ask('POST', `${path}/agent`, { agent: 'plan' })).status, 204)
        assert.equal((await client.data('GET', path))['agent'], 'plan')
        const [model] = await client.list(`/api/model?${client.at()}`)
        if (!model) throw new NothingToTry('no model is set up for this folder')
        const ref = { id: model['id'], providerID: model['providerID'] }
        assert.equal((await client.ask('POST', `${path}/model`, { model: ref })).status, 204)
        assert.deepEqual((await client.data('GET', path))['model'], ref)
      }),
  },
  ...['permission/request', 'form', 'command', 'skill', 'mcp', 'provider', 'integration'].map(
    (route): Check => ({
      id: `list /api/${route}`,
      run: async (client) => {
        await client.list(`/api/${route}?${client.at()}`)
      },
    }),
  ),
  {
    id: 'files',
    run: async (client) => {
      const entries = await client.list(`/api/fs/list?path=.&${client.at()}`)
      assert.ok(
        entries.every((entry) => typeof entry['path'] === 'string'),
        'an entry has no path',
      )
      await client.list(`/api/fs/find?query=a&limit=3&${client.at()}`)
    },
  },
]

export const wire2Checks: readonly Check[] = [...quietChecks, ...changeChecks, ...workChecks, ...turnChecks]
