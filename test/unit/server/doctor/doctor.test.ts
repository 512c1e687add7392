import assert from 'node:assert/strict'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { after, afterEach, before, describe, it } from 'mocha'
import { connect } from '../../../../src/client/connect.ts'
import type { DoctorFinding, DoctorState, DoctorStep, DoctorStepID } from '../../../../src/opencode/doctor.ts'
import { doctorSteps } from '../../../../src/opencode/doctor.ts'
import { locateBinary } from '../../../../src/server/binary/binaryLocator.ts'
import { examine } from '../../../../src/server/doctor/examine.ts'
import type { DoctorPatient, OpenServer } from '../../../../src/server/doctor/patient.ts'
import { formatReport } from '../../../../src/server/doctor/report.ts'
import { tryPrompt } from '../../../../src/server/doctor/tryPrompt.ts'
import { freePort, startLab, type Lab, type LabServer } from '../../../support/opencodeLab.ts'
import {
  endpointOf,
  memoryLog,
  openServer,
  sendJson,
  startTestServer,
  testPassword,
  type Handler,
} from '../../client/support/testServer.ts'

const log = memoryLog()

/** Just what the steps were, as `program:pass start:fail …`. */
function summary(steps: readonly DoctorStep[]): string {
  return steps.map(({ id, state }) => `${id}:${state}`).join(' ')
}

function finding(steps: readonly DoctorStep[], id: DoctorStepID): DoctorFinding {
  const found = steps.find((step) => step.id === id)?.finding
  assert.ok(found, `${id} has no finding`)
  return found
}

describe('The Doctor', function () {
  this.timeout(60_000)
  let lab: Lab
  let server: LabServer
  const opened: { close(): Promise<void> }[] = []

  before(async () => {
    lab = await startLab()
    server = await lab.startServer()
  })
  after(() => lab.dispose())
  afterEach(async () => {
    for (const item of opened.splice(0)) await item.close()
  })

  function patientOf(endpoint: OpenServer['endpoint'], changes: Partial<DoctorPatient> = {}): DoctorPatient {
    return {
      folder: lab.project,
      findProgram: undefined,
      open: async () => ({ endpoint, how: 'foreign', release: async () => undefined }),
      settingsRemedy: 'openSettings',
      log,
      answerMs: 1_500,
      ...changes,
    }
  }

  function look(patient: DoctorPatient): Promise<readonly DoctorStep[]> {
    return examine(patient, new AbortController().signal, () => undefined)
  }

  async function lookAt(
    handler: Handler,
    changes: Partial<DoctorPatient> = {},
  ): Promise<readonly DoctorStep[]> {
    const http = await startTestServer(handler)
    opened.push(http)
    return look(patientOf(endpointOf(http.url), changes))
  }

  const real = (): OpenServer['endpoint'] => endpointOf(server.url, { password: server.password })

  it('finds nothing wrong with a real server, tells each step, and leaves nothing in the folder', async () => {
    const before = await readdir(lab.project)
    const seen: string[] = []
    const released: string[] = []
    const patient = patientOf(real(), {
      findProgram: async () => 'OpenCode, found',
      open: async () => ({
        endpoint: real(),
        how: 'started',
        release: async () => void released.push('yes'),
      }),
    })
    const steps = await examine(patient, new AbortController().signal, ({ id, state }) =>
      seen.push(`${id}:${state}`),
    )
    assert.equal(summary(steps), doctorSteps.map((id) => `${id}:pass`).join(' '))
    assert.deepEqual(seen.slice(0, 4), ['program:running', 'program:pass', 'start:running', 'start:pass'])
    assert.ok(steps.every(({ ms }) => ms !== undefined && ms >= 0))
    assert.match(finding(steps, 'health').text, /OpenCode 1\.\d+\.\d+ answers/)
    assert.match(finding(steps, 'model').text, /default is mock\/mock/)
    assert.deepEqual(await readdir(lab.project), before)
    assert.deepEqual(released, ['yes'])
  })

  it('walks through a 2.x server as well, and says plainly that none was run for real', async () => {
    const second = await startLab({ wire: 2 })
    opened.push({ close: () => second.dispose() })
    const { url, password } = await second.startServer()
    const endpoint = endpointOf(url, { password })
    const patient = patientOf(endpoint, { folder: second.project })
    const steps = await look(patient)
    assert.equal(
      summary(steps),
      'program:skipped start:skipped health:pass authentication:pass events:pass folder:pass model:pass',
    )
    assert.match(
      finding(steps, 'health').text,
      /OpenCode 2\.0\.21 answers.*tried with a scripted server only.*1\.18\.33 was run for real/s,
    )
    const wrong = await look({ ...patient, open: patientOf(endpointOf(url, { password: 'no' })).open })
    assert.equal(wrong.find(({ id }) => id === 'authentication')?.state, 'fail')
  })

  it('blames the password, not the server, when the login is refused', async () => {
    const steps = await look(patientOf(endpointOf(server.url, { password: 'not-the-password' })))
    assert.equal(
      summary(steps),
      'program:skipped start:skipped health:pass authentication:fail events:skipped folder:skipped model:skipped',
    )
    assert.deepEqual(finding(steps, 'authentication').remedies, ['connectToServer'])
    assert.doesNotMatch(JSON.stringify(steps), /not-the-password/)
  })

  it('says that nobody listens at a dead port', async () => {
    const steps = await look(patientOf(endpointOf(`http://127.0.0.1:${await freePort()}`)))
    assert.match(summary(steps), /health:fail authentication:skipped/)
    assert.match(finding(steps, 'health').text, /127\.0\.0\.1/)
  })

  it('tells a port that accepts and never answers from a slow server', async () => {
    const silent = await openServer(createServer(), 'http')
    opened.push(silent)
    const steps = await look(patientOf(endpointOf(silent.url), { answerMs: 500 }))
    assert.match(summary(steps), /health:fail authentication:skipped/)
    assert.match(finding(steps, 'health').text, /takes connections and never answers/)
  })

  it('does not take a web page for OpenCode', async () => {
    const steps = await lookAt((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
    )
    assert.match(finding(steps, 'health').text, /not an OpenCode server/)
  })

  it('names the version to get when the server is too old', async () => {
    const steps = await lookAt((_request, response) => sendJson(response, 200, { version: '1.0.98' }))
    const { text, remedies } = finding(steps, 'health')
    assert.match(text, /1\.0\.98.*1\.2\.27/)
    assert.equal(remedies?.[0], 'installOpencode')
  })

  it('warns about a server that lets anybody in', async () => {
    const open = await lab.startServer({ password: '' })
    const steps = await look(patientOf(endpointOf(open.url, { password: '' })))
    await open.stop()
    assert.match(summary(steps), /authentication:warn events:pass folder:pass model:pass/)
    assert.match(finding(steps, 'authentication').text, /has no password.*OPENCODE_SERVER_PASSWORD/)
  })

  it('says when a proxy holds the event stream back', async () => {
    const steps = await lookAt((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401).end()
      else if (request.url === '/global/health') sendJson(response, 200, { version: '1.18.33' })
      else if (request.url === '/global/event') {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      }
    })
    assert.match(summary(steps), /events:fail folder:skipped model:skipped/)
    assert.match(finding(steps, 'events').text, /proxy/)
  })

  it('names the broken configuration file, without what stands in it', async () => {
    const folder = path.join(lab.root, 'broken')
    await mkdir(folder)
    await writeFile(path.join(folder, 'opencode.json'), `{ "apiKey": "${testPassword}", broken`)
    const steps = await look(patientOf(real(), { folder }))
    assert.match(summary(steps), /events:pass folder:fail model:fail/)
    assert.match(finding(steps, 'folder').text, /opencode\.json/)
    assert.equal(finding(steps, 'folder').remedies?.[0], 'openConfiguration')
    assert.doesNotMatch(JSON.stringify(steps), new RegExp(testPassword))
  })

  it('says how to get a model when the server has none', async () => {
    const folder = path.join(lab.root, 'no-model')
    await mkdir(folder)
    await writeFile(path.join(folder, 'opencode.json'), JSON.stringify({ enabled_providers: ['nobody'] }))
    const steps = await look(patientOf(real(), { folder }))
    assert.match(summary(steps), /folder:pass model:fail/)
    assert.equal(finding(steps, 'model').remedies?.[0], 'setProviderKey')
  })

  it('warns about a folder that cannot be written', async () => {
    // Not even root can make a folder here.
    const steps = await look(patientOf(real(), { folder: '/sys' }))
    assert.match(summary(steps), /folder:warn/)
    assert.match(finding(steps, 'folder').text, /cannot be written from here \(E(PERM|ACCES|ROFS)\)/)
  })

  it('tells another folder of the same name from ours, and accepts a right map', async () => {
    const other = path.join(lab.root, 'elsewhere', 'project')
    await mkdir(other, { recursive: true })
    const rules = (server: string) => [{ host: lab.project, server }]
    const wrong = await look(patientOf({ ...real(), pathRules: rules(other) }))
    assert.match(summary(wrong), /folder:fail/)
    assert.match(finding(wrong, 'folder').text, /not the one that is open here/)
    const missing = await look(patientOf({ ...real(), pathRules: rules('/srv/none') }))
    assert.match(finding(missing, 'folder').text, /cannot open \/srv\/none/)
    const alias = path.join(lab.root, 'alias')
    await symlink(lab.project, alias)
    const pathRules = [{ host: alias, server: lab.project }]
    const right = await look(patientOf({ ...real(), pathRules }, { folder: alias }))
    assert.match(summary(right), /folder:pass/)
    assert.match(finding(right, 'folder').text, new RegExp(`It calls it ${lab.project}`))
  })

  it('stops at a missing program and lists where it was looked for', async () => {
    const home = path.join(lab.root, 'empty-home')
    await mkdir(home)
    const steps = await look(
      patientOf(real(), {
        findProgram: async () => {
          const env = { PATH: home, HOME: home, SHELL: '/bin/false' }
          const found = await locateBinary({
            setting: undefined,
            env,
            home,
            platform: process.platform,
            developmentRoot: undefined,
            systemPlaces: [],
          })
          return found.path
        },
      }),
    )
    assert.match(summary(steps), /^program:fail start:skipped .*model:skipped$/)
    const { detail, remedies } = finding(steps, 'program')
    assert.match(detail ?? '', /Looked at/)
    assert.equal(remedies?.[0], 'installOpencode')
  })

  it('can be called off in the middle, and still releases what it started', async () => {
    const silent = await openServer(createServer(), 'http')
    opened.push(silent)
    const abort = new AbortController()
    let isReleased = false
    const patient = patientOf(endpointOf(silent.url), {
      open: async () => ({
        endpoint: endpointOf(silent.url),
        how: 'started',
        release: async () => {
          isReleased = true
        },
      }),
      answerMs: 30_000,
    })
    const started = Date.now()
    const steps = await examine(patient, abort.signal, ({ id, state }) => {
      if (id === 'health' && state === 'running') setTimeout(() => abort.abort(), 50)
    })
    assert.ok(Date.now() - started < 5_000)
    assert.match(summary(steps), /health:skipped authentication:skipped .*model:skipped/)
    assert.ok(isReleased)
  })

  it('tries a prompt only when asked, and deletes its session again', async () => {
    const connection = await connect(real(), { log })
    opened.push(connection)
    const requests = lab.model.requests.length
    const result = await tryPrompt(connection, lab.project, new AbortController().signal)
    assert.equal(result.verdict, 'pass', result.text)
    assert.ok(lab.model.requests.length > requests)
    assert.deepEqual(await connection.listSessions({ directory: lab.project }), [])
  })

  it('writes a report of steps, facts and the newest log lines', async () => {
    const steps = await look(patientOf(endpointOf(server.url, { password: 'wrong' })))
    const state: DoctorState = {
      server: 'This machine',
      isRunning: false,
      steps,
      facts: [{ title: 'Versions', rows: [['VS Code', '1.106.0']] }],
      log: Array.from({ length: 80 }, (_, index) => `line ${index}`),
    }
    const report = formatReport(state)
    assert.match(report, /\*\*Authentication\*\*: fail \(\d+ ms\)\./)
    assert.match(report, /- VS Code: 1\.106\.0/)
    assert.match(report, /line 79/)
    assert.doesNotMatch(report, /line 29\n/)
  })
})
