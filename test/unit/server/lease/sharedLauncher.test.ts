import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerSharing } from '../../../../src/opencode/server.ts'
import { readLease, type Lease } from '../../../../src/server/lease/lease.ts'
import { describeProcess, isRunning, listProcesses } from '../../../../src/server/process/processTable.ts'
import type { ServerManager } from '../../../../src/server/serverManager.ts'
import { until } from '../support/tools.ts'
import { busyGraceMs, graceMs, Machine } from './support/windows.ts'

describe('Windows that share a server', function () {
  this.timeout(180_000)
  let machine: Machine

  before(async () => {
    machine = await Machine.create()
  })
  afterEach(() => machine.clear())
  after(() => machine.dispose())

  const sharingOf = ({ status }: ServerManager): ServerSharing | undefined =>
    status.kind === 'running' ? status.sharing : undefined
  const gone = async (lease: Lease, withinMs = 20_000): Promise<number> =>
    until(
      'server and supervisor are gone',
      async () => !(await isRunning(lease.server)) && !(await isRunning(lease.supervisor)),
      withinMs,
    )

  it('use the same one, know how many they are, and the last one out ends it', async () => {
    const [first, second] = [machine.window(), machine.window()]
    const { url } = await first.start()
    assert.deepEqual(sharingOf(first), { windows: 1, isAdopted: false })
    const other = await second.start()
    assert.equal(other.url, url)
    await until('both know', () => sharingOf(first)?.windows === 2)
    assert.deepEqual(sharingOf(second), { windows: 2, isAdopted: true })
    const lease = await machine.lease()
    await first.leave()
    await until('the other knows', () => sharingOf(second)?.windows === 1)
    await sleep(graceMs + 500)
    await other.ping()
    await second.leave()
    const elapsedMs = await gone(lease)
    assert.ok(elapsedMs > graceMs - 200 && elapsedMs < graceMs + 5000, `${elapsedMs} ms`)
    assert.deepEqual(await machine.leases(), [])
  })

  it('find it again when they come back within the time of grace', async () => {
    const first = machine.window()
    await first.start()
    const before = await machine.lease()
    await first.leave()
    const second = machine.window()
    const connection = await second.start()
    assert.equal((await machine.lease()).server.pid, before.server.pid)
    await sleep(graceMs + 500)
    await connection.ping()
    assert.deepEqual(sharingOf(second), { windows: 1, isAdopted: true })
  })

  it('have more time to come back when something runs, though they are disposed of at once', async () => {
    const first = machine.window()
    await first.start()
    const { server } = await machine.lease()
    const leaving = first.leave(true, sleep(100))
    first.dispose()
    await leaving
    await sleep(busyGraceMs - 1500)
    assert.equal(await isRunning(server), true)
    const second = machine.window()
    await second.start()
    assert.equal((await machine.lease()).server.pid, server.pid)
    const elapsedMs = await until('it is gone', async () => {
      if (second.status.kind === 'running') await second.leave()
      return !(await isRunning(server))
    })
    assert.ok(elapsedMs < busyGraceMs, `${elapsedMs} ms`)
  })

  it('get a new one, after the old one has quite ended, when they come back too late', async () => {
    const first = machine.window()
    await first.start()
    const before = await machine.lease()
    await first.leave()
    await until('it is ending', async () => !(await isRunning(before.server)), 10_000)
    const second = machine.window()
    await second.start()
    assert.equal(await isRunning(before.supervisor), false)
    assert.deepEqual(sharingOf(second), { windows: 1, isAdopted: false })
  })

  it('keep the lease for this user alone, and the password out of it', async () => {
    const window = machine.window()
    await window.start()
    const [path = ''] = await machine.leasePaths()
    const text = await readFile(path, 'utf8')
    const lease = await machine.lease()
    const [secret = ''] = machine.secrets.values()
    const password = secret.slice(secret.indexOf(':') + 1)
    assert.ok(password.length >= 40)
    const commands = await Promise.all(
      (await listProcesses()).map(async ({ pid }) => (await describeProcess(pid))?.commandLine ?? ''),
    )
    for (const place of [text, machine.log.lines.join('\n'), commands.join('\n')]) {
      assert.ok(!place.includes(password))
    }
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal((await stat(lease.socketPath)).mode & 0o777, 0o600)
    assert.match(lease.server.commandLine, /serve --hostname 127\.0\.0\.1/)
    assert.match(lease.supervisor.commandLine, /supervisor\.js/)
  })

  it('get in also when the secret storage has forgotten the password', async () => {
    await machine.window().start()
    const { server } = await machine.lease()
    const forgetful = new Map<string, string>()
    const second = machine.window({ secrets: forgetful })
    await (await second.start()).ping()
    assert.equal((await machine.lease()).server.pid, server.pid)
    assert.deepEqual([...forgetful], [...machine.secrets])
  })

  it('know what it printed before they came', async () => {
    const printed = (): number =>
      machine.log.lines.filter((line) => /stdout: .*listening on/.test(line)).length
    const before = printed()
    await machine.window().start()
    assert.equal(printed(), before + 1)
    await machine.window().start()
    assert.equal(printed(), before + 2)
  })

  it('do not let in who has not read the lease', async () => {
    await machine.window().start()
    const { socketPath } = await machine.lease()
    for (const words of [
      '{"type":"hello","nonce":"guess","wantsPassword":true}\n',
      'GET / HTTP/1.1\r\n\r\n',
    ]) {
      const answer = await new Promise<string>((resolve) => {
        let text = ''
        const socket = connectSocket(socketPath, () => socket.write(words))
        socket.on('data', (chunk) => (text += chunk.toString()))
        socket.on('close', () => resolve(text))
        socket.on('error', () => undefined)
      })
      assert.equal(answer, '')
    }
  })

  it('all get the new one when it crashes', async () => {
    const windows = [machine.window(), machine.window(), machine.window()]
    await Promise.all(windows.map((window) => window.start()))
    const { server } = await machine.lease()
    process.kill(server.pid, 'SIGKILL')
    await until('all see it', () => windows.every(({ status }) => status.kind === 'starting'))
    const connections = await Promise.all(windows.map((window) => window.start()))
    const next = await machine.lease()
    assert.notEqual(next.server.pid, server.pid)
    for (const connection of connections) {
      assert.ok(connection.url.endsWith(`:${next.port}`))
      await connection.ping()
    }
    await until('all are counted', () => windows.every((window) => sharingOf(window)?.windows === 3))
  })

  it('are all without it when one stops it, and all have the new one when one restarts it', async () => {
    const [first, second] = [machine.window(), machine.window()]
    await Promise.all([first.start(), second.start()])
    const before = await machine.lease()
    const connection = await first.restart()
    await until('the other follows', () => second.connection?.url === connection.url, 20_000)
    const after = await machine.lease()
    assert.notEqual(after.server.pid, before.server.pid)
    await second.stop()
    await until('the first has stopped too', () => first.status.kind === 'stopped')
    assert.equal(await isRunning(after.server), false)
    assert.deepEqual(await machine.leases(), [])
  })

  it('have one of their own when they would run it differently', async () => {
    const [first, second] = [machine.window(), machine.window({ env: { ...machine.lab.env, MINE: '1' } })]
    await Promise.all([first.start(), second.start()])
    assert.equal((await machine.leases()).length, 2)
    assert.deepEqual([sharingOf(first)?.windows, sharingOf(second)?.windows], [1, 1])
  })

  it('count once for all that they use it for', async () => {
    const [first, second] = [machine.window({ host: 7 }), machine.window({ host: 7 })]
    await first.start()
    await second.start()
    await machine.window().start()
    await until('both are counted', () => sharingOf(first)?.windows === 2)
    await first.leave()
    await until('nothing has changed', () => sharingOf(second)?.windows === 2)
  })

  it('leave it to the others when a start is called off or the connection fails', async () => {
    const first = machine.window()
    const connection = await first.start()
    const second = machine.window()
    const starting = second.start().catch(() => undefined)
    await until('it is in', () => sharingOf(first)?.windows === 2 || second.status.kind === 'running')
    await second.leave()
    await starting
    await connection.ping()
    await until('it is out', () => sharingOf(first)?.windows === 1)
  })

  it('do not start 1.x on the data of a 2.x server that runs for another window, until that is gone', async () => {
    const first = machine.window()
    await first.start()
    const lease = await machine.lease()
    const [path = ''] = await machine.leasePaths()
    await first.stop()
    await gone(lease)
    const running = spawn('sleep', ['60'], { stdio: 'ignore' })
    const server = await describeProcess(running.pid ?? 0)
    const other = { ...lease, version: '2.0.21', server, supervisor: server }
    const otherPath = path.replace(/[^/]+$/, 'ffffffffffffffff.json')
    await writeFile(otherPath, JSON.stringify(other), { mode: 0o600 })
    await assert.rejects(machine.window().start(), {
      code: 'launch-failed',
      message: /OpenCode 2\.0\.21 still runs for another window.*"OpenCode: Stop Server"/,
    })
    await writeFile(otherPath, JSON.stringify({ ...other, data: 'of another user' }), { mode: 0o600 })
    const apart = machine.window()
    await apart.start()
    await apart.stop()
    await writeFile(otherPath, JSON.stringify(other), { mode: 0o600 })
    const waiting = machine.window().start()
    await sleep(400)
    running.kill()
    await (await waiting).ping()
    await rm(otherPath)
  })

  describe('find a stale lease:', () => {
    let path: string
    let old: Lease

    before(async () => {
      const window = machine.window()
      await window.start()
      ;[path = ''] = await machine.leasePaths()
      old = await machine.lease()
      await window.stop()
    })

    const startWith = async (stale: unknown): Promise<Lease> => {
      await writeFile(path, JSON.stringify(stale), { mode: 0o600 })
      await machine.window().start()
      const now = await readLease(path)
      assert.ok(now !== undefined && now !== 'broken')
      assert.notEqual(now.nonce, old.nonce)
      return now
    }

    it('of processes that are gone', async () => {
      await startWith(old)
    })

    it('of other processes with the same ids, which are left alone', async () => {
      const own = await describeProcess(process.pid)
      const impostor = { pid: process.pid, startTime: 'before', commandLine: own?.commandLine ?? '' }
      await startWith({ ...old, supervisor: impostor, server: impostor })
    })

    it('with a foreign process on its port, which is left alone', async () => {
      const foreign = createServer((_, response) => response.end('mine'))
      await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve))
      const address = foreign.address()
      const port = typeof address === 'object' && address ? address.port : 0
      const now = await startWith({ ...old, port })
      assert.notEqual(now.port, port)
      assert.equal(await (await fetch(`http://127.0.0.1:${port}`)).text(), 'mine')
      foreign.close()
    })

    it('that is damaged', async () => {
      await startWith('no lease')
    })

    it('of a supervisor that hangs, which keeps its server', async () => {
      const first = machine.window()
      await first.start()
      const hanging = await machine.lease()
      process.kill(hanging.supervisor.pid, 'SIGSTOP')
      try {
        const second = machine.window()
        await second.start()
        assert.notEqual((await machine.lease()).nonce, hanging.nonce)
        assert.equal(await isRunning(hanging.server), true)
        await first.connection?.ping()
      } finally {
        process.kill(hanging.supervisor.pid, 'SIGCONT')
      }
      await first.stop()
      await gone(hanging)
      assert.equal((await machine.leases()).length, 1)
    })
  })
})
