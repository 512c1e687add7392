import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { startLab } from '../support/opencodeLab.ts'
import type { Lab, LabServer, Wire } from '../support/opencodeLab.ts'
import { compareServer, formatComparison, wire2 } from './runner/compare.ts'
import { compareGiven, namesServer } from './runner/given.ts'
import { wire2Checks } from './runner/wire2Checks.ts'
import type { Target } from './runner/wireClient.ts'

/** What `npm run test:contract -- --url …` does with any server. */
describe('the comparison of a server with the contract', function () {
  this.timeout(120_000)
  const labs: Lab[] = []
  after(() => Promise.all(labs.map((lab) => lab.dispose())))

  async function targetOf(
    wire: Wire,
  ): Promise<{ readonly lab: Lab; readonly server: LabServer; readonly target: Target }> {
    const lab = await startLab({ wire })
    labs.push(lab)
    const server = await lab.startServer()
    const { url, username, password } = server
    return { lab, server, target: { url, username, password, directory: lab.project, asksModel: true } }
  }

  it('finds the real 1.x server as it should be, and not for a 2.x one, though it answers below /api', async () => {
    const { server, target } = await targetOf(1)
    const headers = { authorization: server.authorization }
    const health = await fetch(`${server.url}/api/health`, { headers })
    assert.match(health.headers.get('content-type') ?? '', /json/, 'the older dialect answers in JSON')
    const comparison = await compareServer(target)
    assert.match(comparison.version, /^1\./)
    const others = comparison.findings.filter(({ kind }) => kind !== 'same')
    assert.deepEqual(others, [], formatComparison(comparison))
    const telling = wire2Checks.filter(({ id }) => ['info', 'no-health', 'web-page'].includes(id))
    const mistaken = (await wire2(target, telling)).filter(({ kind }) => kind === 'differs')
    assert.deepEqual(
      mistaken.map(({ id }) => id),
      ['info', 'web-page', 'no-health'],
      'the older dialect below /api would pass for 2.x',
    )
  })

  it('finds the scripted 2.x server as its reference says, and names what it did not try', async () => {
    const { target } = await targetOf(2)
    const comparison = await compareServer(target)
    const differing = comparison.findings.filter(({ kind }) => kind === 'differs')
    assert.deepEqual(differing, [], formatComparison(comparison))
    const text = formatComparison(comparison)
    assert.match(text, /^ ok {2}prompt-admitted: .+ \[P I\]$/m)
    assert.match(text, / -- {2}event-overflow: .+\n +to be compared by hand/)
  })

  it('names each place where a server differs, with what came instead and where the expectation is from', async () => {
    const { server, target } = await targetOf(2)
    const deviant = await startDeviant(server.url)
    const comparison = await compareServer({ ...target, url: deviant.url, asksModel: false }).finally(
      deviant.close,
    )
    const differing = comparison.findings.filter(({ kind }) => kind === 'differs')
    assert.deepEqual(
      differing.map(({ id }) => id),
      ['prompt-conflict', 'interrupt-idle', 'no-session-updated', 'permission-gone', 'session-events'],
      formatComparison(comparison),
    )
    const text = formatComparison(comparison)
    assert.match(
      text,
      /^DIFF prompt-conflict: .+ 409 ConflictError \[P\]\n +expected \[409,"ConflictError"\], got \[422,"ConflictError"\]$/m,
    )
    assert.match(text, /What differs:\nDIFF prompt-conflict/)
    assert.match(text, /5 differ, \d+ not tried$/)
  })

  it('compares a server, too, that the extension would not connect to', async () => {
    const lab = await startLab({ wire: 2 })
    labs.push(lab)
    Object.assign(lab.env, { SCRIPTED2_VERSION: '2.0.2' })
    const { url, username, password } = await lab.startServer()
    const target = { url, username, password, directory: lab.project, asksModel: false }
    const [refused, ...others] = (await compareServer(target)).findings
    assert.deepEqual([refused?.id, refused?.kind], ['connect', 'differs'])
    assert.match(refused?.detail ?? '', /2\.0\.2.*too old.*2\.0\.4/)
    assert.ok(others.length > 20 && others.every(({ kind }) => kind !== 'differs'))
    await assert.rejects(compareServer({ ...target, password: 'wrong' }), { code: 'unauthorized' })
  })

  it('leaves out what a folder has nothing to try with', async () => {
    const { lab, target } = await targetOf(2)
    const directory = path.join(lab.root, 'bare')
    await mkdir(directory)
    const { findings } = await compareServer({ ...target, directory, asksModel: false })
    assert.deepEqual(
      findings.filter(({ kind }) => kind === 'differs'),
      [],
    )
    const reasons = findings.filter(({ detail }) => /^(?:no|there is no|this folder)\b/.test(detail))
    assert.deepEqual(
      reasons.map(({ id }) => id),
      ['agents and models can be picked', 'agent-and-model', 'fs-bytes', 'vcs', 'worktree'],
    )
  })

  it('is asked for on the command line, and says in a sentence why nothing was compared', async () => {
    assert.deepEqual([['--url', 'x'], ['--url=x'], ['--urls'], ['--grep', 'url']].map(namesServer), [
      true,
      true,
      false,
      false,
    ])
    const { server } = await targetOf(1)
    const { url, password } = server
    const ask = (...args: readonly string[]) => compareGiven(['--password', password, ...args])
    const fine = await ask('--url', `${url}/`)
    assert.equal(fine.exitCode, 0, fine.text)
    assert.match(fine.text, /^OpenCode 1\.\S+\n ok /)
    const page = await startPages({})
    // All that a 1.18 server has below /api, and nothing else of it.
    const dialect = await startPages({ '/api/health': { healthy: true } })
    const broken = await startPages({ '/api/info': { version: 2 } })
    const cases: readonly (readonly [RegExp, ...string[]])[] = [
      [/refused the user name or password/, '--url', url, '--password', 'wrong'],
      [/Nothing answers at http:\/\/127\.0\.0\.1:1\./, '--url=http://127.0.0.1:1'],
      [/What answers at .* is not an OpenCode server/, '--url', page.url],
      [/What answers at .* is not an OpenCode server/, '--url', dialect.url],
      [/What answers at .* is not an OpenCode server/, '--url', broken.url],
      [/starts with http:\/\/ or https:\/\//, '--url', 'ftp://127.0.0.1'],
      [/Unknown option '--prompt'.*Known: --url URL/, '--url', url, '--prompt'],
    ]
    for (const [wanted, ...args] of cases) {
      const { text, exitCode } = await ask(...args)
      assert.match(text, /^Nothing was compared\. .+\.?$/)
      assert.match(text, wanted)
      assert.equal(exitCode, 2)
    }
    for (const { close } of [page, dialect, broken]) close()
  })
})

interface Running {
  readonly url: string
  readonly close: () => void
}

/** A web server with a page for all but these routes. */
function startPages(answers: Readonly<Record<string, object>>): Promise<Running> {
  return listen((request, response) => {
    const answer = answers[request.url ?? '']
    response.writeHead(200, { 'content-type': answer ? 'application/json' : 'text/html' })
    response.end(answer ? JSON.stringify(answer) : '<!doctype html><title>Hello</title>')
  })
}

/** A 2.x server with answers and events of its own taste in front of the scripted one. */
function startDeviant(origin: string): Promise<Running> {
  return listen((request, response) => {
    void pass(origin, request, response).catch(() => response.destroy())
  })
}

async function listen(handler: RequestListener): Promise<Running> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${port}`, close }
}

async function pass(origin: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request)
  const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers
  const stop = new AbortController()
  response.once('close', () => stop.abort())
  const answer = await fetch(origin + (request.url ?? ''), {
    method: request.method ?? 'GET',
    headers: headers as Record<string, string>,
    signal: stop.signal,
    ...(body.length === 0 ? {} : { body }),
  })
  const type = answer.headers.get('content-type') ?? 'text/plain'
  const status = answer.status === 409 ? 422 : answer.status
  if (type.startsWith('text/event-stream')) {
    response.writeHead(200, { 'content-type': type })
    // Events do not say where they happened.
    for await (const part of answer.body ?? [])
      response.write(Buffer.from(part).toString().replaceAll('"location"', '"place"'))
    response.end()
    return
  }
  const text = (await answer.text())
    .replace('PermissionNotFoundError', 'NotFoundError')
    .replace('"interrupted":false', '"wasRunning":false')
  response.writeHead(status, { 'content-type': type }).end(text)
}
