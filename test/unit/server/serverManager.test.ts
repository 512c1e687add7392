import assert from 'node:assert/strict'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '../../../src/client/connect.ts'
import type { Connection, Endpoint } from '../../../src/client/connection.ts'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import type { ServerStatus } from '../../../src/opencode/server.ts'
import { AttachLauncher } from '../../../src/server/attachLauncher.ts'
import { locateBinary } from '../../../src/server/binary/binaryLocator.ts'
import type { ServerRecord } from '../../../src/server/process/leftovers.ts'
import { ProcessLauncher } from '../../../src/server/process/processLauncher.ts'
import { isRunning, type ProcessDetails } from '../../../src/server/process/processTable.ts'
import { backoffRestarts } from '../../../src/server/restartPolicy.ts'
import { ServerManager, type ServerManagerOptions } from '../../../src/server/serverManager.ts'
import { type Lab, opencodeBinary, startLab } from '../../support/opencodeLab.ts'
import {
  bundleSupervisor,
  createTempFolder,
  createTestLog,
  type TempFolder,
  type TestLog,
  until,
} from './support/tools.ts'

const quick = backoffRestarts({ firstDelayMs: 10, maxRestarts: 2 })

describe('The server manager', function () {
  this.timeout(180_000)
  let lab: Lab
  let folder: TempFolder
  let supervisorPath: string
  let program: string
  let log: TestLog
  let stateDirectory: string
  let managers: ServerManager[]
  let launches: number

  before(async () => {
    lab = await startLab()
    folder = await createTempFolder()
    supervisorPath = await bundleSupervisor(folder.path)
    program = join(folder.path, 'opencode')
  })
  after(async () => {
    await lab.dispose()
    await folder.remove()
  })
  beforeEach(async () => {
    managers = []
    launches = 0
    log = createTestLog()
    stateDirectory = join(folder.path, `state-${performance.now()}`)
    await writeProgram(`exec ${opencodeBinary()} "$@"`)
  })
  afterEach(() => Promise.all(managers.map((manager) => manager.stop())))

  const writeProgram = async (script: string): Promise<void> => {
    await writeFile(program, `#!/bin/sh\n${script}\n`)
    await chmod(program, 0o755)
  }
  const managed = (): ProcessLauncher => {
    launches++
    const { env, home, project } = lab
    const { platform } = process
    return new ProcessLauncher({
      binary: () => locateBinary({ setting: program, env, home, platform, developmentRoot: undefined }),
      supervisorPath,
      execPath: process.execPath,
      stateDirectory,
      cwd: project,
      env,
      log,
    })
  }
  const create = (changes: Partial<ServerManagerOptions> = {}): ServerManager => {
    const manager = new ServerManager({
      launcher: managed,
      connect: (endpoint, signal) => connect(endpoint, { log, signal }),
      log,
      ...changes,
    })
    managers.push(manager)
    return manager
  }
  const historyOf = (manager: ServerManager): ServerStatus[] => {
    const history: ServerStatus[] = []
    manager.onDidChangeStatus((status) => history.push(status))
    return history
  }
  const servers = async (): Promise<readonly ProcessDetails[]> => {
    const records = join(stateDirectory, 'servers')
    const names = (await readdir(records).catch(() => [])).filter((name) => name.endsWith('.json'))
    const texts = await Promise.all(names.map((name) => readFile(join(records, name), 'utf8')))
    return texts.map((text) => (JSON.parse(text) as ServerRecord).server)
  }
  const kindsOf = (history: readonly ServerStatus[]): readonly string[] => history.map(({ kind }) => kind)
  const codeOf = async (promise: Promise<unknown>): Promise<string> => {
    const error: unknown = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof OpencodeError, String(error))
    return error.code
  }

  it('starts one server for all who ask, and ends it', async () => {
    const manager = create()
    const history = historyOf(manager)
    const connections: (Connection | undefined)[] = []
    manager.onDidChangeConnection((connection) => connections.push(connection))
    const [first, second] = await Promise.all([manager.start(), manager.start()])
    assert.equal(first, second)
    assert.equal(await manager.start(), first)
    assert.equal(manager.connection, first)
    assert.equal(launches, 1)
    const running = await servers()
    assert.equal(running.length, 1)
    await first.ping()
    await manager.stop()
    assert.deepEqual(kindsOf(history), ['starting', 'running', 'stopping', 'stopped'])
    assert.deepEqual(connections, [first, undefined])
    for (const server of running) assert.equal(await isRunning(server), false)
  })

  it('shows the link of a running server, and only then', async () => {
    const manager = create()
    manager.setLink({ kind: 'reconnecting', since: 1, retryAt: 2 })
    assert.deepEqual(manager.status, { kind: 'stopped' })
    await manager.start()
    manager.setLink({ kind: 'reconnecting', since: 1, retryAt: 2 })
    assert.ok(manager.status.kind === 'running')
    assert.equal(manager.status.link.kind, 'reconnecting')
    assert.equal(manager.status.origin, 'managed')
    assert.match(manager.status.version, /^1\./)
  })

  it('runs the stop tasks while the server still answers, and survives one that fails', async () => {
    const manager = create()
    const done: string[] = []
    manager.addStopTask(() => Promise.reject(new Error('no')))
    manager.addStopTask(async (connection) => {
      await connection.ping()
      done.push('asked')
    })
    manager.addStopTask(() => Promise.resolve(void done.push('removed'))).dispose()
    await manager.start()
    await manager.stop()
    assert.deepEqual(done, ['asked'])
    assert.ok(log.lines.some((line) => line.includes('a task before the stop failed')))
  })

  it('calls off a start when it is stopped', async () => {
    const manager = create()
    const starting = codeOf(manager.start())
    await until('server spawned', async () => (await servers()).length === 1, 30_000)
    const [server] = await servers()
    await manager.stop()
    assert.equal(await starting, 'aborted')
    assert.deepEqual(manager.status, { kind: 'stopped' })
    assert.ok(server)
    assert.equal(await isRunning(server), false)
  })

  it('starts anew after a stop that is still under way', async () => {
    const manager = create()
    const first = codeOf(manager.start())
    const stopping = manager.stop()
    const connection = await manager.start()
    await stopping
    assert.equal(await first, 'aborted')
    assert.equal(manager.connection, connection)
    assert.equal((await servers()).length, 1)
    const second = await manager.restart()
    assert.notEqual(second, connection)
    assert.equal((await servers()).length, 1)
  })

  it('starts a server again that was killed', async () => {
    const manager = create()
    const first = await manager.start()
    const history = historyOf(manager)
    const [server] = await servers()
    process.kill(server?.pid ?? 0, 'SIGKILL')
    await until('restart begins', () => manager.status.kind === 'starting', 20_000)
    const second = await manager.start()
    assert.notEqual(second, first)
    await second.ping()
    const [starting] = history
    assert.ok(starting?.kind === 'starting')
    assert.equal(starting.restart, 1)
    assert.deepEqual(kindsOf(history), ['starting', 'running'])
  })

  it('gives up on a server that goes down again and again, and shows the cause', async () => {
    const manager = create({ restartPolicy: quick })
    await manager.start()
    const history = historyOf(manager)
    const version = '[ "$1" = --version ] && { echo 1.18.33; exit; }'
    await writeProgram(`${version}; echo "the disk is full" >&2; exit 1`)
    const [server] = await servers()
    process.kill(server?.pid ?? 0, 'SIGKILL')
    await until('failed', () => manager.status.kind === 'failed', 30_000)
    assert.ok(manager.status.kind === 'failed')
    assert.equal(manager.status.error.code, 'launch-failed')
    assert.equal(manager.status.error.detail, 'the disk is full')
    assert.deepEqual(kindsOf(history), ['starting', 'starting', 'failed'])
    await manager.stop()
    assert.deepEqual(manager.status, { kind: 'stopped' })
  })

  it('does not try again when a second try cannot help', async () => {
    const manager = create({ restartPolicy: quick })
    await manager.start()
    await writeProgram('echo 1.0.0')
    const [server] = await servers()
    process.kill(server?.pid ?? 0, 'SIGKILL')
    await until('failed', () => manager.status.kind === 'failed', 30_000)
    assert.ok(manager.status.kind === 'failed')
    assert.equal(manager.status.error.code, 'version-too-old')
  })

  it('shows why the first start failed and can be asked again', async () => {
    const manager = create()
    await writeProgram('echo "broken library" >&2; exit 1')
    assert.equal(await codeOf(manager.start()), 'launch-failed')
    assert.ok(manager.status.kind === 'failed')
    assert.equal(manager.status.error.detail, 'broken library')
    await writeProgram(`exec ${opencodeBinary()} "$@"`)
    await manager.start()
    assert.equal(manager.status.kind, 'running')
  })

  it('ends the server again when the connection fails', async () => {
    const cause = new OpencodeError('unauthorized', 'No.')
    const manager = create({ connect: () => Promise.reject(cause) })
    assert.equal(await codeOf(manager.start()), 'unauthorized')
    assert.equal(manager.status.kind, 'failed')
    assert.deepEqual(await servers(), [])
  })

  it('passes on why there is no launcher', async () => {
    const manager = create({
      launcher: () => {
        throw new OpencodeError('untrusted', 'Trust this folder first.')
      },
    })
    assert.equal(await codeOf(manager.start()), 'untrusted')
  })

  it('only leaves an attached server', async () => {
    const server = await lab.startServer()
    const { url, username, password } = server
    const attach = (endpoint: Endpoint) => create({ launcher: () => new AttachLauncher(endpoint) })
    const manager = attach({ url, username, password })
    manager.addStopTask(() => Promise.reject(new Error('must not run')))
    await manager.start()
    assert.ok(manager.status.kind === 'running')
    assert.equal(manager.status.origin, 'attached')
    await manager.stop()
    const headers = { authorization: server.authorization }
    assert.equal((await fetch(new URL('/global/health', url), { headers })).status, 200)
    assert.ok(!log.lines.some((line) => line.includes('must not run')))
    assert.equal(await codeOf(attach({ url, username, password: 'wrong' }).start()), 'unauthorized')
    await server.stop()
  })

  it('does what is to be done before it leaves a server, also when it is disposed of', async () => {
    const server = await lab.startServer()
    const { url, username, password } = server
    const manager = create({ launcher: () => new AttachLauncher({ url, username, password }) })
    const done = new Promise<number>((resolve) => {
      manager.addLeaveTask(async (connection) => {
        resolve((await connection.features.mcpServers(lab.project)).length)
      })
    })
    await manager.start()
    manager.dispose()
    assert.equal(await done, 0)
    await manager.leave()
    await server.stop()
  })

  it('starts nothing any more after its end', async () => {
    const manager = create()
    await manager.start()
    const [server] = await servers()
    manager.dispose()
    assert.equal(await codeOf(manager.start()), 'aborted')
    await manager.stop()
    assert.ok(server)
    assert.equal(await isRunning(server), false)
  })
})
