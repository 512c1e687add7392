import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { connect } from '../../../../src/client/connect.ts'
import type { Endpoint } from '../../../../src/client/connection.ts'
import { OpencodeError } from '../../../../src/opencode/errors.ts'
import { registrationPath } from '../../../../src/server/service/registration.ts'
import { ServiceLauncher } from '../../../../src/server/service/serviceLauncher.ts'
import { ServerManager } from '../../../../src/server/serverManager.ts'
import { startLab } from '../../../support/opencodeLab.ts'
import type { Lab } from '../../../support/opencodeLab.ts'
import { sendJson, startTestServer } from '../../client/support/testServer.ts'
import { until } from '../support/tools.ts'

const log = { debug() {}, info() {}, warn() {} }
const signal = new AbortController().signal

describe('ServiceLauncher', function () {
  this.timeout(30_000)
  let lab: Lab
  let service: ChildProcess
  let file: string

  before(async () => {
    lab = await startLab({ wire: 2 })
    await startService()
    file = registrationPath(lab.env)
  })
  after(async () => {
    service.kill('SIGTERM')
    await lab.dispose()
  })

  async function startService(): Promise<void> {
    service = spawn('opencode', ['serve', '--service', '--port', '0'], { env: { ...lab.env } })
    assert.ok(service.stdout)
    await once(createInterface(service.stdout), 'line')
  }

  const launch = () => new ServiceLauncher({ env: lab.env, log }).launch(signal)

  async function refusal(): Promise<OpencodeError> {
    const error: unknown = await launch().catch((reason: unknown) => reason)
    assert.ok(error instanceof OpencodeError)
    return error
  }

  async function withRegistration(
    change: (text: string) => string,
    check: () => Promise<void>,
  ): Promise<void> {
    const text = await readFile(file, 'utf8')
    await writeFile(file, change(text))
    await check()
    await writeFile(file, text)
  }

  it('uses the service with its password, and leaves it running', async () => {
    const handle = await launch()
    assert.equal(handle.origin, 'attached')
    const connection = await connect(handle.endpoint, { log })
    const session = await connection.createSession(lab.project)
    assert.equal(session.directory, lab.project)
    await connection.close()
    await handle.stop()
    await (await connect(handle.endpoint, { log })).close()
    assert.equal(service.exitCode, null)
  })

  it('does not take another process for the service, nor another version', async () => {
    await withRegistration(
      (text) => text.replace(/"pid":\d+/, '"pid":1'),
      async () => assert.match((await refusal()).message, /another server.*service start/),
    )
    await withRegistration(
      (text) => text.replace('2.0.21', '2.0.20'),
      async () => assert.equal((await refusal()).code, 'not-running'),
    )
  })

  it('asks nobody for a password that the registration should hold', async () => {
    await withRegistration(
      (text) => text.replace(/"password":"[^"]+"/, '"password":"of yesterday"'),
      async () => {
        const { code, message } = await refusal()
        assert.equal(code, 'not-running')
        assert.match(message, /refuses the password of its registration\. Run "opencode service start"/)
      },
    )
  })

  it('says that a service of the first releases is too old', async () => {
    const early = await startTestServer((request, response) => {
      if (request.url === '/api/health') return sendJson(response, 200, { version: '2.0.2' })
      const isApi = request.url?.startsWith('/api/') === true
      return response.writeHead(isApi ? 404 : 200, { 'content-type': 'text/html' }).end('<html>')
    })
    await withRegistration(
      (text) => text.replace(/http:[^"]+/, early.url),
      async () => assert.match((await refusal()).message, /2\.0\.2, which is too old.*2\.0\.4/),
    )
    await early.close()
  })

  it('sends the password to no other machine', async () => {
    await withRegistration(
      (text) => text.replace(/127\.0\.0\.1/, 'example.org'),
      async () => assert.match((await refusal()).message, /No OpenCode service is registered/),
    )
  })

  it('says what to do when there is none, or it is gone', async () => {
    await withRegistration(
      (text) => text.replace(/:\d+"/, ':1"'),
      async () => assert.match((await refusal()).message, /does not answer.*openCode2/),
    )
    const text = await readFile(file, 'utf8')
    await rm(file)
    assert.equal((await refusal()).code, 'not-running')
    await writeFile(file, '{"url":')
    assert.equal((await refusal()).code, 'not-running')
    await writeFile(file, text)
  })

  it('follows the service to another port when it was started anew', async () => {
    const launcher = new ServiceLauncher({ env: lab.env, log, watchMs: 100 })
    const connectTo = (endpoint: Endpoint) => connect(endpoint, { log })
    const manager = new ServerManager({ launcher: () => launcher, connect: connectTo, log })
    const first = await manager.start()
    const session = await first.createSession(lab.project)
    service.kill('SIGTERM')
    await once(service, 'exit')
    await startService()
    const isMoved = (): boolean => manager.status.kind === 'running' && manager.connection !== first
    await until('the new one is used', isMoved, 10_000)
    assert.notEqual(manager.connection?.url, first.url)
    assert.equal((await manager.connection?.getSession(session.id))?.id, session.id)
    await manager.stop()
    assert.equal(service.exitCode, null, 'it goes on without us')
  })

  it('looks below the home folder where no other place is named', () => {
    const wanted = path.join('/home/me', '.local', 'state', 'opencode', 'service.json')
    assert.equal(registrationPath({ HOME: '/home/me' }), wanted)
  })
})
