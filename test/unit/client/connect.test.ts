import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'mocha'
import { connect } from '../../../src/client/connect.ts'
import type { Connection } from '../../../src/client/connection.ts'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import type { ErrorCode } from '../../../src/opencode/errors.ts'
import { endpointOf, memoryLog, sendJson, startTestServer } from './support/testServer.ts'
import type { Handler, TestServer } from './support/testServer.ts'

type Answers = { readonly [path: string]: unknown }

/** A server that asks for credentials, answers JSON on some paths and its web page on all others. */
function pages(answers: Answers): Handler {
  return (request, response) => {
    const answer = answers[request.url ?? '']
    if (request.headers.authorization === undefined) response.writeHead(401).end()
    else if (answer === undefined) response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
    else sendJson(response, 200, answer)
  }
}

describe('connect', () => {
  const opened: { close(): Promise<void> }[] = []
  afterEach(async () => {
    for (const item of opened.splice(0).reverse()) await item.close()
  })

  async function start(handler: Handler): Promise<TestServer> {
    const server = await startTestServer(handler)
    opened.push(server)
    return server
  }

  async function attempt(handler: Handler, log = memoryLog()): Promise<Connection> {
    const server = await start(handler)
    const connection = await connect(endpointOf(server.url), { log, timeoutMs: 600 })
    opened.push(connection)
    return connection
  }

  async function refused(handler: Handler): Promise<OpencodeError> {
    const error: unknown = await attempt(handler).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof OpencodeError, String(error))
    return error
  }

  it('connects to a server of the 1.x line', async () => {
    const log = memoryLog()
    const connection = await attempt(pages({ '/global/health': { healthy: true, version: '1.18.33' } }), log)
    assert.equal(connection.version, '1.18.33')
    assert.ok(log.lines.every((line) => !line.includes('anybody')))
  })

  const floors: readonly (readonly [string, ErrorCode | 'fine'])[] = [
    ['1.2.27', 'fine'],
    ['1.14.34', 'fine'],
    ['1.18.0-beta.1', 'fine'],
    ['local', 'fine'],
    ['1.2.26', 'version-too-old'],
    ['1.1.65', 'version-too-old'],
    ['0.15.1', 'version-too-old'],
    ['2.0.4', 'unsupported'],
  ]
  for (const [version, expected] of floors) {
    it(`takes version ${version} as ${expected}`, async () => {
      const handler = pages({ '/global/health': { healthy: true, version } })
      if (expected === 'fine') assert.equal((await attempt(handler)).version, version)
      else assert.equal((await refused(handler)).code, expected)
    })
  }

  it('names the version to get when the server is too old', async () => {
    const error = await refused(pages({ '/global/health': { version: '1.0.98' } }))
    assert.match(error.message, /1\.0\.98.*1\.2\.27/)
  })

  it('connects to OpenCode 2 by its own route, whose page for others does not mislead', async () => {
    const connection = await attempt(pages({ '/api/info': { version: '2.0.21', pid: 1 } }))
    assert.equal(connection.version, '2.0.21')
    assert.deepEqual([connection.capabilities.steer, connection.capabilities.share], [true, false])
  })

  it('refuses the first releases of OpenCode 2, whatever route they tell their version on', async () => {
    for (const version of ['2.0.0', '2.0.1', '2.0.2', '2.0.3', '2.0.4-beta.1'])
      for (const path of ['/api/info', '/api/health']) {
        const error = await refused(pages({ [path]: { version } }))
        assert.equal(error.code, 'version-too-old')
        assert.ok(error.message.includes(`OpenCode ${version}, which is too old`), error.message)
        assert.match(error.message, /Update it to OpenCode 2\.0\.4 or newer: run "opencode upgrade"\.$/)
      }
  })

  const versions2: readonly (readonly [string, ErrorCode | 'fine'])[] = [
    ['2.0.4', 'fine'],
    ['v2.0.21', 'fine'],
    ['2.0.5-beta.1', 'fine'],
    ['2.1.0', 'fine'],
    ['10.0.0', 'fine'],
    ['2.0.4-next-3', 'version-too-old'],
    ['0.0.0-beta-202609', 'version-too-old'],
    ['1.19.0', 'version-too-old'],
    ['', 'unsupported'],
  ]
  for (const [version, expected] of versions2) {
    it(`takes version "${version}" of /api/info as ${expected}`, async () => {
      const handler = pages({ '/api/info': { version, pid: 7 } })
      if (expected !== 'fine') assert.equal((await refused(handler)).code, expected)
      else assert.equal((await attempt(handler)).capabilities.steer, true)
    })
  }

  it('does not take a version at the old place of 2.0.0 for one that it speaks', async () => {
    const error = await refused(pages({ '/api/health': { version: '2.0.21' } }))
    assert.equal(error.code, 'unsupported')
    assert.match(error.message, /2\.0\.21, which answers like OpenCode 2\.0\.0/)
  })

  it('believes no proxy that answers in the place of a server, whatever it says', async () => {
    const said = JSON.stringify({ version: '2.0.21', pid: 1, error: 'upstream is down' })
    const proxy =
      (status: number, type: string): Handler =>
      (_request, response) =>
        response.writeHead(status, { 'content-type': type }).end(said)
    const found = []
    for (const [status, type] of [
      [502, 'application/json'],
      [504, 'application/problem+json'],
      [404, 'application/json'],
      [200, 'text/html'],
      [200, 'text/plain'],
    ] as const)
      found.push((await refused(proxy(status, type))).code)
    assert.deepEqual(found, ['server-error', 'server-error', 'unsupported', 'unsupported', 'unsupported'])
  })

  it('takes nothing without a version for a server, as the older dialect below /api of 1.18 is', async () => {
    const both = { '/api/health': { healthy: true }, '/global/health': { healthy: true, version: '1.18.33' } }
    assert.equal((await attempt(pages(both))).capabilities.steer, false)
    assert.equal((await refused(pages({ '/api/health': { healthy: true } }))).code, 'unsupported')
    assert.equal((await refused(pages({ '/api/info': { version: 2 } }))).code, 'unsupported')
  })

  it('does not take just any web server for OpenCode', async () => {
    assert.equal((await refused(pages({}))).code, 'unsupported')
    assert.equal((await refused(pages({ '/global/health': { healthy: true } }))).code, 'unsupported')
    assert.equal((await refused((_request, response) => response.writeHead(404).end())).code, 'unsupported')
  })

  it('says at once when the password is wrong', async () => {
    const server = await start((_request, response) => response.writeHead(401).end())
    const started = performance.now()
    await assert.rejects(
      connect(endpointOf(server.url), { log: memoryLog() }),
      (error) => error instanceof OpencodeError && error.code === 'unauthorized',
    )
    assert.ok(performance.now() - started < 1_000)
  })

  it('warns about a server that lets anybody in', async () => {
    const log = memoryLog()
    await attempt((_request, response) => sendJson(response, 200, { version: '1.18.33' }), log)
    assert.ok(log.lines.some((line) => line.includes('does not check its password')))
  })

  it('asks again when the first request is never answered', async () => {
    let round = 0
    const server = await start((request, response) => {
      if (round++ > 0) pages({ '/global/health': { version: '1.18.33' } })(request, response)
    })
    const connection = await connect(endpointOf(server.url), { log: memoryLog(), timeoutMs: 5_000 })
    opened.push(connection)
    assert.equal(connection.version, '1.18.33')
  })

  it('waits for a server that is still starting, up to the limit', async () => {
    let round = 0
    const answers = pages({ '/global/health': { version: '1.18.33' } })
    const connection = await attempt((request, response) => {
      if (round++ < 2) response.writeHead(503).end()
      else answers(request, response)
    })
    assert.equal(connection.version, '1.18.33')
    const gone = await startTestServer(answers)
    await gone.close()
    await assert.rejects(
      connect(endpointOf(gone.url), { log: memoryLog(), timeoutMs: 300 }),
      (error) => error instanceof OpencodeError && error.code === 'connection-refused',
    )
  })

  it('stops waiting when it is cancelled', async () => {
    const server = await start(() => undefined)
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 50)
    await assert.rejects(
      connect(endpointOf(server.url), { log: memoryLog(), signal: abort.signal }),
      (error) => error instanceof OpencodeError && error.code === 'aborted',
    )
  })

  it('refuses to follow a redirect with the credentials', async () => {
    const other = await start(pages({ '/global/health': { version: '1.18.33' } }))
    const error = await refused((_request, response) =>
      response.writeHead(308, { location: `${other.url}/global/health` }).end(),
    )
    assert.equal(error.code, 'redirect-refused')
    assert.equal(other.requests.length, 0)
  })
})
