import assert from 'node:assert/strict'
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { OpencodeError } from '../../../../src/opencode/errors.ts'
import { findFreePort } from '../../../../src/server/freePort.ts'
import { LaunchError } from '../../../../src/server/launchError.ts'
import type { ServerHandle } from '../../../../src/server/launcher.ts'
import type { ServerRecord } from '../../../../src/server/process/leftovers.ts'
import {
  ProcessLauncher,
  type ProcessLauncherOptions,
} from '../../../../src/server/process/processLauncher.ts'
import { describeProcess, isRunning, listProcesses } from '../../../../src/server/process/processTable.ts'
import { type Lab, opencodeBinary, startLab } from '../../../support/opencodeLab.ts'
import {
  bundleSupervisor,
  createTempFolder,
  createTestLog,
  type TempFolder,
  type TestLog,
  until,
} from '../support/tools.ts'

const never = new AbortController().signal

describe('The process launcher', function () {
  this.timeout(180_000)
  let lab: Lab
  let folder: TempFolder
  let supervisorPath: string
  let log: TestLog
  let stateDirectory: string
  let handles: ServerHandle[]

  before(async () => {
    lab = await startLab()
    folder = await createTempFolder()
    supervisorPath = await bundleSupervisor(folder.path)
  })
  after(async () => {
    await lab.dispose()
    await folder.remove()
  })
  beforeEach(() => {
    handles = []
    log = createTestLog()
    stateDirectory = join(folder.path, `state-${performance.now()}`)
  })
  afterEach(() => Promise.all(handles.map((handle) => handle.stop())))

  const options = (changes: Partial<ProcessLauncherOptions> = {}): ProcessLauncherOptions => ({
    binary: () => Promise.resolve({ path: opencodeBinary(), version: '1.18.33', source: 'setting' }),
    supervisorPath,
    execPath: process.execPath,
    stateDirectory,
    cwd: lab.project,
    env: lab.env,
    log,
    ...changes,
  })
  const launch = async (changes?: Partial<ProcessLauncherOptions>, signal = never): Promise<ServerHandle> => {
    const handle = await new ProcessLauncher(options(changes)).launch(signal)
    handles.push(handle)
    return handle
  }
  const failure = async (changes?: Partial<ProcessLauncherOptions>, signal = never): Promise<LaunchError> => {
    const error: unknown = await launch(changes, signal).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof LaunchError)
    return error
  }
  const script = async (name: string, text: string): Promise<ProcessLauncherOptions['binary']> => {
    const path = join(folder.path, name)
    await writeFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    return () => Promise.resolve({ path, version: '1.18.33', source: 'setting' })
  }
  const recordNames = (): Promise<readonly string[]> =>
    readdir(join(stateDirectory, 'servers')).catch(() => [])
  const readRecord = async (): Promise<{ text: string; record: ServerRecord }> => {
    const [name] = await recordNames()
    assert.ok(name)
    const text = await readFile(join(stateDirectory, 'servers', name), 'utf8')
    return { text, record: JSON.parse(text) as ServerRecord }
  }

  it('brings up the real server on loopback, closed to all who lack the password', async () => {
    const { endpoint } = await launch()
    const health = new URL('/global/health', endpoint.url)
    assert.equal(health.hostname, '127.0.0.1')
    assert.equal((await fetch(health)).status, 401)
    const authorization = `Basic ${btoa(`${endpoint.username}:${endpoint.password}`)}`
    const answer = await fetch(health, { headers: { authorization } })
    assert.equal(answer.status, 200)
    assert.equal(((await answer.json()) as { healthy: boolean }).healthy, true)
  })

  it('keeps the password out of command lines, the record, the log and the supervisor', async () => {
    const { endpoint } = await launch({ env: { ...lab.env, OPENCODE_SERVER_USERNAME: 'somebody' } })
    const { text, record } = await readRecord()
    const supervisor = record.supervisor?.pid ?? 0
    const commands = await Promise.all(
      (await listProcesses()).map(async ({ pid }) => (await describeProcess(pid))?.commandLine ?? ''),
    )
    const supervisorEnv = await readFile(`/proc/${supervisor}/environ`, 'utf8')
    for (const place of [text, log.lines.join('\n'), commands.join('\n'), supervisorEnv]) {
      assert.ok(!place.includes(endpoint.password))
    }
    assert.equal(endpoint.username, 'opencode')
    const names = await recordNames()
    const mode = (await stat(join(stateDirectory, 'servers', names[0] ?? ''))).mode & 0o777
    assert.equal(mode, 0o600)
  })

  it('gives the server neither what belongs to VS Code nor any descriptor of the lifeline', async () => {
    const env = { ...lab.env, ELECTRON_RUN_AS_NODE: '1', VSCODE_PID: '1', MINE: 'kept' }
    await launch({ env })
    const { pid } = (await readRecord()).record.server
    const serverEnv = await readFile(`/proc/${pid}/environ`, 'utf8')
    assert.doesNotMatch(serverEnv, /ELECTRON_|VSCODE_/)
    assert.match(serverEnv, /MINE=kept/)
    assert.equal(await readFile(`/proc/${pid}/fd/0`, 'utf8'), '')
  })

  it('leaves nothing behind when stopped: no process, no record', async () => {
    const handle = await launch()
    const { record } = await readRecord()
    await handle.stop()
    await handle.stop()
    assert.equal(await isRunning(record.server), false)
    assert.ok(record.supervisor)
    assert.equal(await isRunning(record.supervisor), false)
    assert.deepEqual(await recordNames(), [])
    assert.notEqual((await handle.exited).tail, '')
  })

  it('reports a server that was killed and forgets its record', async () => {
    const handle = await launch()
    process.kill((await readRecord()).record.server.pid, 'SIGKILL')
    const exit = await handle.exited
    assert.equal(exit.signal, 'SIGKILL')
    await until('record deleted', async () => (await recordNames()).length === 0)
  })

  it('ends the server when the supervisor is killed', async () => {
    const handle = await launch()
    const { record } = await readRecord()
    assert.ok(record.supervisor)
    process.kill(record.supervisor.pid, 'SIGKILL')
    await handle.exited
    assert.equal(await isRunning(record.server), false)
  })

  it('takes another port when somebody was quicker', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const ports = [typeof address === 'object' && address ? address.port : 0, await findFreePort()]
    const handle = await launch({ choosePort: () => Promise.resolve(ports.shift() ?? 0) })
    taken.close()
    assert.equal(ports.length, 0)
    assert.ok(handle.endpoint.url.startsWith('http://127.0.0.1:'))
  })

  it('tells what a server printed that ended at once', async () => {
    const error = await failure({
      binary: await script('broken', 'echo "the database is locked" >&2; exit 3'),
    })
    assert.equal(error.code, 'launch-failed')
    assert.match(error.message, /exit code 3/)
    assert.equal(error.detail, 'the database is locked')
  })

  it('hides its password when a server prints it', async () => {
    const binary = await script(
      'chatty',
      'echo "password is $OPENCODE_PASSWORD" >&2; echo "server password x"; exit 1',
    )
    const error = await failure({ binary })
    assert.match(error.detail, /^password is \*+$/)
  })

  it('gives up on a server that does not get ready, and ends all that it started', async () => {
    const binary = await script('slow', 'echo "still loading"; sleep 298 & sleep 298')
    const launching = failure({ binary, startTimeoutMs: 3000 })
    await until('record written', async () => (await recordNames()).length === 1)
    const { record } = await readRecord()
    const error = await launching
    assert.equal(error.code, 'timeout')
    assert.equal(error.detail, 'still loading')
    const left = (await listProcesses()).filter(({ session }) => session === record.server.pid)
    assert.deepEqual(left, [])
  })

  it('understands the start-up line of 2.x', async () => {
    const binary = await script('second', 'echo "server listening on http://127.0.0.1:4"; exec sleep 298')
    assert.equal((await launch({ binary })).endpoint.url, 'http://127.0.0.1:4')
  })

  it('ends a server that does not listen to SIGTERM', async () => {
    const text = `trap "" TERM; echo "server listening on http://127.0.0.1:4"; while :; do sleep 0.1; done`
    const handle = await launch({ binary: await script('deaf', text) })
    await handle.stop()
    assert.equal((await handle.exited).signal, 'SIGKILL')
  })

  it('says which program could not be started', async () => {
    const binary = () =>
      Promise.resolve({ path: join(folder.path, 'missing'), version: '1.18.33', source: 'setting' as const })
    const error = await failure({ binary })
    assert.equal(error.code, 'launch-failed')
    assert.match(error.message, /ENOENT/)
  })

  it('says that its folder is missing', async () => {
    await assert.rejects(launch({ cwd: join(folder.path, 'nowhere') }), /nowhere does not exist/)
  })

  it('passes the error of the search on', async () => {
    const cause = new OpencodeError('binary-not-found', 'Nothing there.')
    await assert.rejects(launch({ binary: () => Promise.reject(cause) }), cause)
  })

  it('can be called off at every moment, and nothing is left', async () => {
    for (const delayMs of [0, 150, 600]) {
      const controller = new AbortController()
      const launching = launch({}, controller.signal)
      setTimeout(() => controller.abort(), delayMs)
      await assert.rejects(launching, { code: 'aborted' })
      await until('no record', async () => (await recordNames()).length === 0)
    }
  })

  it('survives a state folder that cannot be written', async () => {
    await mkdir(stateDirectory, { recursive: true })
    await writeFile(join(stateDirectory, 'servers'), 'a file where a folder should be')
    const handle = await launch()
    assert.ok(log.lines.some((line) => line.includes('record')))
    await handle.stop()
  })
})
