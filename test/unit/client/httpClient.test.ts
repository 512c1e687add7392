import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { describe, it, afterEach } from 'mocha'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import type { ErrorCode } from '../../../src/opencode/errors.ts'
import { HttpStatusError } from '../../../src/client/http/httpErrors.ts'
import { HttpClient, type HttpRequest } from '../../../src/client/http/httpClient.ts'
import { Metrics } from '../../../src/client/metrics.ts'
import {
  clientOf,
  endpointOf,
  memoryLog,
  sendJson,
  startTestServer,
  testPassword,
} from './support/testServer.ts'
import type { Handler, TestServer } from './support/testServer.ts'

const get: HttpRequest = { method: 'GET', route: '/thing/{id}', path: '/thing/secret-id?token=abc' }

describe('HttpClient', () => {
  const opened: { close(): Promise<void> }[] = []
  afterEach(async () => {
    for (const item of opened.splice(0).reverse()) await item.close()
  })

  async function start(
    handler: Handler,
    log = memoryLog(),
  ): Promise<{ server: TestServer; client: HttpClient }> {
    const server = await startTestServer(handler)
    const client = await clientOf(server.url, {}, log)
    opened.push(server, client)
    return { server, client }
  }

  async function failure(handler: Handler, request: HttpRequest = get): Promise<OpencodeError> {
    const { client } = await start(handler)
    return caught(client.request(request))
  }

  async function statusFailure(handler: Handler): Promise<HttpStatusError> {
    const error = await failure(handler)
    assert.ok(error instanceof HttpStatusError)
    return error
  }

  it('sends JSON with the credentials and reads JSON back', async () => {
    const { server, client } = await start((_request, response) =>
      sendJson(response, 200, { ok: true }, { 'x-next-cursor': 'c1' }),
    )
    const answer = await client.request({
      method: 'POST',
      route: '/thing',
      body: { a: 'ü' },
      headers: { 'x-more': '1' },
    })
    assert.deepEqual(answer.body, { ok: true })
    assert.equal(answer.header('x-next-cursor'), 'c1')
    const seen = server.requests[0]
    assert.equal(
      seen?.headers.authorization,
      `Basic ${Buffer.from(`opencode:${testPassword}`).toString('base64')}`,
    )
    assert.equal(seen.headers['content-type'], 'application/json')
    assert.equal(seen.headers['content-length'], '10')
    assert.equal(seen.headers['x-more'], '1')
    assert.equal(seen.headers['accept-encoding'], 'identity')
  })

  it('leaves the credentials out when asked to, and when there are none', async () => {
    const { server, client } = await start((_request, response) => sendJson(response, 200, {}))
    await client.request({ ...get, anonymous: true })
    const open = await clientOf(server.url, { password: '' })
    opened.push(open)
    await open.request(get)
    assert.deepEqual(
      server.requests.map((seen) => seen.headers.authorization),
      [undefined, undefined],
    )
  })

  it('takes an empty answer as nothing', async () => {
    const { client } = await start((_request, response) => response.writeHead(204).end())
    assert.equal((await client.request({ method: 'POST', route: '/thing' })).body, undefined)
  })

  it('calls a web page in place of JSON unsupported', async () => {
    const error = await failure((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    )
    assert.equal(error.code, 'unsupported')
  })

  it('calls damaged JSON a bad response without quoting it', async () => {
    const error = await failure((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"key":"sk-very-secret'),
    )
    assert.equal(error.code, 'bad-response')
    assert.doesNotMatch(error.message + String(error.cause), /very-secret/)
  })

  const table: readonly (readonly [number, unknown, ErrorCode, string | undefined])[] = [
    [400, { name: 'BadRequest', data: { message: 'Missing key' } }, 'invalid-argument', 'BadRequest'],
    [
      400,
      { name: 'ConfigJsonError', data: { path: '/p/opencode.json', message: 'bad' } },
      'config-invalid',
      'ConfigJsonError',
    ],
    [400, { _tag: 'BadRequest' }, 'invalid-argument', 'BadRequest'],
    [401, '', 'unauthorized', undefined],
    [403, { _tag: 'Forbidden', message: 'no' }, 'forbidden', 'Forbidden'],
    [404, { name: 'NotFoundError', data: { message: 'Session not found' } }, 'not-found', 'NotFoundError'],
    [409, { _tag: 'SessionBusyError', sessionID: 'ses_1', message: 'busy' }, 'busy', 'SessionBusyError'],
    [409, { _tag: 'ConflictError', message: 'other' }, 'conflict', 'ConflictError'],
    [413, '', 'too-large', undefined],
    [429, { message: 'slow down' }, 'rate-limited', undefined],
    [
      500,
      { name: 'UnknownError', data: { message: 'Unexpected', ref: 'err_1' } },
      'server-error',
      'UnknownError',
    ],
    [503, 'plain text', 'server-error', undefined],
  ]
  for (const [status, body, code, name] of table) {
    it(`maps HTTP ${status} ${name ?? 'without a name'} to ${code}`, async () => {
      const error = await failure((_request, response) => sendJson(response, status, body))
      assert.ok(error instanceof HttpStatusError)
      assert.deepEqual([error.code, error.status, error.serverCode], [code, status, name])
    })
  }

  it('keeps the reference of the server', async () => {
    const crash = await statusFailure((_request, response) =>
      sendJson(response, 500, { name: 'UnknownError', data: { message: 'x', ref: 'err_42' } }),
    )
    assert.equal(crash.reference, 'err_42')
  })

  it('names file and place of a broken configuration, but never quotes it', async () => {
    const quoted =
      '--- JSONC Input ---\n{ "apiKey": "my-own-key" broken\n--- Errors ---\nInvalidSymbol at line 1, column 25'
    const data = { path: '/p/opencode.json', message: quoted }
    const error = await statusFailure((_request, response) =>
      sendJson(response, 400, { name: 'ConfigJsonError', data }),
    )
    assert.match(error.message, /\/p\/opencode\.json \(InvalidSymbol at line 1, column 25\)/)
    assert.doesNotMatch(error.message + String(error.detail), /my-own-key/)
  })

  it('reads how long to wait after 429, as seconds, milliseconds or a date', async () => {
    const wait = async (headers: Record<string, string>): Promise<number | undefined> =>
      (await statusFailure((_request, response) => sendJson(response, 429, {}, headers))).retryAfterMs
    assert.equal(await wait({ 'retry-after': '2' }), 2000)
    assert.equal(await wait({ 'retry-after-ms': '150', 'retry-after': '9' }), 150)
    const date = await wait({ 'retry-after': new Date(Date.now() + 5_000).toUTCString() })
    assert.ok(date !== undefined && date > 3_000 && date <= 5_000)
    assert.equal(await wait({}), undefined)
  })

  it('gives the body as detail, cut short and without secrets', async () => {
    const error = await statusFailure((_request, response) =>
      sendJson(response, 500, {
        password: testPassword,
        apiKey: 'abc123',
        note: 'Bearer abc.def',
        rest: 'y'.repeat(9000),
      }),
    )
    const { detail = '' } = error
    assert.match(detail, /GET \/thing\/\{id\}: HTTP 500/)
    assert.doesNotMatch(detail, new RegExp(`${testPassword}|abc123|abc\\.def`))
    assert.ok(detail.length < 2_300)
  })

  it('never follows a redirect and never sends the credentials to its target', async () => {
    const other = await startTestServer((_request, response) => sendJson(response, 200, { stolen: true }))
    opened.push(other)
    for (const status of [301, 302, 303, 307, 308]) {
      const error = await failure((_request, response) =>
        response.writeHead(status, { location: `${other.url}/login?secret=1` }).end(),
      )
      assert.equal(error.code, 'redirect-refused')
      assert.match(error.message, new RegExp(other.url))
      assert.doesNotMatch(error.message, /secret=1/)
    }
    assert.equal(other.requests.length, 0)
  })

  it('gives bytes as they are, unpacked, and logs none of them', async () => {
    const bytes = Buffer.concat([Buffer.from([0, 255, 13, 10]), Buffer.from('{"secret":1}'), Buffer.alloc(3)])
    const log = memoryLog()
    const { server, client } = await start((request, response) => {
      if (request.url === '/gone')
        return sendJson(response, 404, { _tag: 'FileNotFoundError', message: 'No.' })
      if (request.url !== '/packed')
        return response.writeHead(200, { 'content-type': 'text/html' }).end(bytes)
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
      return response.writeHead(200, headers).end(gzipSync(bytes))
    }, log)
    for (const path of ['/plain', '/packed'])
      assert.deepEqual(await client.bytes({ method: 'GET', route: '/file', path }), bytes)
    assert.equal(server.requests[0]?.headers.accept, '*/*')
    const gone = await caught(client.bytes({ method: 'GET', route: '/file', path: '/gone' }))
    assert.equal(gone.code, 'not-found')
    const large = await caught(client.bytes({ method: 'GET', route: '/file', maxBytes: 10 }))
    assert.equal(large.code, 'too-large')
    assert.ok(log.lines.length > 3 && log.lines.every((line) => !line.includes('secret')))
  })

  it('refuses an answer above the limit', async () => {
    const big: Handler = (_request, response) => sendJson(response, 200, { text: 'x'.repeat(100_000) })
    assert.equal((await failure(big, { ...get, maxBytes: 50_000 })).code, 'too-large')
  })

  it('gives up on a server that does not answer in time, before and within the body', async () => {
    assert.equal((await failure(() => undefined, { ...get, timeoutMs: 60 })).code, 'timeout')
    const stuck: Handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{')
    }
    assert.equal((await failure(stuck, { ...get, timeoutMs: 60 })).code, 'timeout')
  })

  it('tells a refused connection from a broken one', async () => {
    const { server, client } = await start((request) => request.socket.destroy())
    assert.equal((await caught(client.request(get))).code, 'connection-lost')
    await server.close()
    opened.shift()
    assert.equal((await caught(client.request(get))).code, 'connection-refused')
  })

  it('ends a request when its signal aborts, also when it is aborted already', async () => {
    const { client } = await start(() => undefined)
    const abort = new AbortController()
    const pending = caught(client.request({ ...get, signal: abort.signal }))
    setTimeout(() => abort.abort(), 20)
    assert.equal((await pending).code, 'aborted')
    assert.equal((await caught(client.request({ ...get, signal: abort.signal }))).code, 'aborted')
  })

  it('ends pending requests when it is closed, twice without harm', async () => {
    const { client } = await start(() => undefined)
    const pending = caught(client.request(get))
    await client.close()
    await client.close()
    assert.equal((await pending).code, 'aborted')
    assert.equal((await caught(client.request(get))).code, 'aborted')
  })

  it('logs method, template, status, time and size, and nothing of the user', async () => {
    const log = memoryLog()
    const { client } = await start(
      (request, response) => sendJson(response, request.method === 'GET' ? 200 : 500, {}),
      log,
    )
    await client.request(get)
    await caught(client.request({ method: 'POST', route: '/thing', body: { prompt: 'private words' } }))
    assert.match(log.lines[0] ?? '', /^client #\d+ GET \/thing\/\{id\} 200 \d+ ms, 0 B out, 2 B in$/)
    assert.match(log.lines[1] ?? '', /^client #\d+ POST \/thing 500 \d+ ms, 26 B out, 2 B in$/)
    const ids = log.lines.map((line) => /#(\d+)/.exec(line)?.[1])
    assert.notEqual(ids[0], ids[1])
    assert.doesNotMatch(log.lines.join(), new RegExp(`secret-id|token|private|${testPassword}`))
  })

  it('shows bodies at level "trace" alone, without anything that looks secret', async () => {
    const traced: string[] = []
    const log = { ...memoryLog(), trace: (message: () => string): void => void traced.push(message()) }
    const body = {
      text: `hello ${testPassword}`,
      apiKey: 'sk-secret-0123456789',
      nested: [{ access_token: { deep: 'hidden-too' } }],
      environment: { ANYTHING: 'hidden-as-well' },
    }
    const { client } = await start((_request, response) => sendJson(response, 200, body), log)
    await client.request({ method: 'POST', route: '/thing', body })
    await client.request({ method: 'PUT', route: '/auth/{id}', path: '/auth/mock', body: { x: 'plain' } })
    assert.equal(traced.length, 4)
    assert.match(traced[0] ?? '', /#\d+ out: .*hello/)
    assert.match(traced[1] ?? '', /#\d+ in: .*hello/)
    assert.doesNotMatch(traced.join(), new RegExp(`secret|hidden|plain|${testPassword}`))
    assert.doesNotMatch(log.lines.join(), /hello/)
  })

  it('goes on counting over connections, and counts times of requests', async () => {
    const metrics = new Metrics()
    const server = await startTestServer((_request, response) => sendJson(response, 200, {}))
    opened.push(server)
    for (let round = 0; round < 2; round++) {
      const client = await HttpClient.create(endpointOf(server.url), memoryLog(), metrics)
      await client.request({ method: 'POST', route: '/thing', body: { a: 1 } })
      await client.close()
    }
    assert.equal(metrics.requests, 2)
    assert.equal(metrics.bytesOut, 14)
    assert.ok((metrics.requestMs?.p95 ?? 0) >= (metrics.requestMs?.p50 ?? 1))
  })

  it('does not count a request that we ended ourselves as an error', async () => {
    const { client } = await start(() => undefined)
    const abort = new AbortController()
    const pending = caught(client.request({ ...get, signal: abort.signal }))
    abort.abort()
    await pending
    assert.deepEqual([client.metrics.requests, client.metrics.errors], [1, 0])
  })

  it('counts requests, errors and bytes', async () => {
    const { client } = await start((request, response) =>
      sendJson(response, request.method === 'GET' ? 200 : 404, 'abc'),
    )
    await client.request(get)
    await caught(client.request({ method: 'DELETE', route: '/thing' }))
    const { requests, errors, bytesIn } = client.metrics
    assert.deepEqual({ requests, errors, bytesIn }, { requests: 2, errors: 1, bytesIn: 10 })
  })
})

async function caught(promise: Promise<unknown>): Promise<OpencodeError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof OpencodeError, `expected one of our errors, got ${String(error)}`)
  return error
}
