import assert from 'node:assert/strict'
import { HttpClient } from '../../../../src/client/http/httpClient.ts'
import { V2Providers } from '../../../../src/client/v2/providers.ts'
import { V2Routes } from '../../../../src/client/v2/routes.ts'
import { endpointOf, memoryLog, sendJson, startTestServer } from '../support/testServer.ts'

const route = '/api/integration/acme/connect/oauth'
const signal = new AbortController().signal

describe('A login of the 2.x wire', () => {
  const closers: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })

  /** `states`: what each attempt answers when it is asked for the first time, and from then on. */
  async function begin(...states: readonly string[]) {
    const asked: string[] = []
    let count = 0
    const server = await startTestServer((request, response) => {
      const [path = ''] = (request.url ?? '').split('?')
      if (path === '/api/integration')
        return sendJson(response, 200, { data: [{ id: 'acme', methods: [{ type: 'oauth', id: 'web' }] }] })
      asked.push(`${request.method} ${path.replace(route, '')}`)
      if (path === route) {
        const data = { attemptID: `con_${++count}`, url: 'https://acme.example/login', mode: 'auto' }
        return sendJson(response, 200, { data })
      }
      if (request.method === 'DELETE') return response.writeHead(204).end()
      return sendJson(response, 200, { data: { status: states[count - 1] } })
    })
    const client = await HttpClient.create(endpointOf(server.url), memoryLog())
    closers.push(
      () => server.close(),
      () => client.close(),
    )
    return { providers: new V2Providers(new V2Routes(client)), asked }
  }

  for (const state of ['complete', 'failed', 'expired'])
    it(`that is ${state} is over: nothing of it is asked for again`, async () => {
      const { providers, asked } = await begin(state)
      await providers.startLogin('/p', 'acme', 0, {})
      const finish = () => providers.finishLogin('/p', 'acme', { method: 0 }, signal)
      if (state === 'complete') await finish()
      else await assert.rejects(finish(), { code: 'login-failed' })
      await assert.rejects(finish(), { code: 'login-failed', message: /has forgotten this login/ })
      assert.deepEqual(asked, ['POST ', 'GET /con_1'])
    })

  it('that was left is cancelled on the server before the next begins', async () => {
    const { providers, asked } = await begin('pending', 'complete')
    await providers.startLogin('/p', 'acme', 0, {})
    await providers.startLogin('/p', 'acme', 0, {})
    await providers.finishLogin('/p', 'acme', { method: 0 }, signal)
    assert.deepEqual(asked, ['POST ', 'DELETE /con_1', 'POST ', 'GET /con_2'])
  })

  it('that is called off while it waits is cancelled on the server', async () => {
    const { providers, asked } = await begin('pending')
    await providers.startLogin('/p', 'acme', 0, {})
    const stop = new AbortController()
    const waiting = providers.finishLogin('/p', 'acme', { method: 0 }, stop.signal)
    setTimeout(() => stop.abort(), 100)
    await assert.rejects(waiting, { code: 'aborted' })
    assert.deepEqual(asked, ['POST ', 'GET /con_1', 'DELETE /con_1'])
  })
})
