import assert from 'node:assert/strict'
import { request } from 'node:http'
import { McpEndpoint } from '../../../src/mcp/mcpEndpoint.ts'
import type { McpPlace } from '../../../src/mcp/mcpEndpoint.ts'
import type { McpTool } from '../../../src/mcp/mcpTool.ts'
import { OpencodeError } from '../../../src/opencode/errors.ts'

const echo: McpTool = {
  name: 'echo',
  description: 'Says it again',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
  call: ({ text }) =>
    typeof text === 'string'
      ? Promise.resolve(text)
      : Promise.reject(new OpencodeError('invalid-argument', 'No text.')),
}

describe('The endpoint of the editor’s tools', () => {
  let endpoint: McpEndpoint
  let place: McpPlace
  beforeEach(async () => {
    endpoint = new McpEndpoint()
    place = await endpoint.add([echo])
  })
  afterEach(() => endpoint.close())

  it('speaks the protocol: initialize, list, call, ping', async () => {
    const init = await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {} })
    assert.equal((init.result as { protocolVersion: string }).protocolVersion, '2025-06-18')
    const list = await ask('tools/list')
    assert.match(JSON.stringify(list.result), /"name":"echo".*"readOnlyHint":true/)
    assert.deepEqual((await ask('tools/call', { name: 'echo', arguments: { text: 'hi' } })).result, {
      content: [{ type: 'text', text: 'hi' }],
      isError: false,
    })
    assert.deepEqual((await ask('ping')).result, {})
    assert.equal((await post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status, 202)
  })

  it('says what is wrong with a call, and never breaks', async () => {
    assert.deepEqual((await ask('tools/call', { name: 'echo' })).result, {
      content: [{ type: 'text', text: 'No text.' }],
      isError: true,
    })
    assert.equal((await ask('tools/call', { name: 'nothing' })).error?.code, -32_602)
    assert.equal((await ask('tools/call', { name: 'echo', arguments: 'text' })).error?.code, -32_602)
    assert.equal((await ask('resources/list')).error?.code, -32_601)
    assert.match((await post([1, 2])).body, /-32600/)
    assert.equal((await send(place.url, { body: '{' })).status, 400)
    const long = JSON.stringify({ text: 'x'.repeat(300_000) })
    assert.equal((await send(place.url, { body: long })).status, 413)
  })

  it('lets in nobody without the token, no other host name and no page of a browser', async () => {
    const wrong = [undefined, 'Bearer ', `Bearer ${place.token}x`, `Basic ${place.token}`]
    for (const authorization of wrong) assert.equal((await send(place.url, { authorization })).status, 401)
    const other = await endpoint.add([])
    assert.equal((await send(place.url, { authorization: `Bearer ${other.token}` })).status, 401)
    assert.equal((await send(`${place.url}0`, {})).status, 401)
    assert.equal((await send(place.url, { headers: { origin: 'http://127.0.0.1' } })).status, 403)
    assert.equal((await send(place.url, { headers: { host: 'rebound.example' } })).status, 403)
    assert.equal((await send(place.url, { method: 'GET' })).status, 405)
    assert.equal((await send(place.url, { headers: { 'content-type': 'text/plain' } })).status, 415)
    assert.match(place.url, /^http:\/\/127\.0\.0\.1:\d+\/mcp\/[\da-f]{12}$/)
  })

  it('answers no more at a place that was removed, nor at all once it is closed', async () => {
    endpoint.remove(place)
    assert.equal((await send(place.url, {})).status, 401)
    await endpoint.close()
    await assert.rejects(send(place.url, {}))
  })

  interface Answer {
    readonly result?: unknown
    readonly error?: { readonly code: number }
  }

  async function ask(method: string, params?: unknown): Promise<Answer> {
    const { status, body } = await post({ jsonrpc: '2.0', id: 1, method, params })
    assert.equal(status, 200)
    return JSON.parse(body) as Answer
  }

  function post(message: unknown): Promise<Reply> {
    return send(place.url, { body: JSON.stringify(message) })
  }

  interface Sent {
    readonly method?: string
    readonly authorization?: string | undefined
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  }

  interface Reply {
    readonly status: number | undefined
    readonly body: string
  }

  function send(url: string, sent: Sent): Promise<Reply> {
    const authorization = 'authorization' in sent ? sent.authorization : `Bearer ${place.token}`
    const headers = {
      'content-type': 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
      ...sent.headers,
    }
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method: sent.method ?? 'POST', headers, agent: false }, (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => resolve({ status: response.statusCode, body }))
      })
      outgoing.on('error', reject)
      outgoing.end(sent.method === 'GET' ? undefined : (sent.body ?? '{}'))
    })
  }
})
