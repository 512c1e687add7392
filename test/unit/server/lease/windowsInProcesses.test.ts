import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { Endpoint } from '../../../../src/client/connection.ts'
import type { Lease } from '../../../../src/server/lease/lease.ts'
import {
  describeProcess,
  isRunning,
  listProcesses,
  type ProcessIdentity,
} from '../../../../src/server/process/processTable.ts'
import { killTree } from '../../../../src/server/process/processTree.ts'
import { runBash } from '../support/serverRequests.ts'
import { until } from '../support/tools.ts'
import { graceMs, Machine } from './support/windows.ts'

describe('Extension hosts that share a server', function () {
  this.timeout(180_000)
  let machine: Machine
  let sleepSeconds = 4000
  const identities: ProcessIdentity[] = []

  beforeEach(async () => {
    machine = await Machine.create()
  })
  afterEach(async () => {
    await machine.clear()
    await killTree(identities.splice(0), 0)
    await machine.dispose()
  })

  const remembered = async (): Promise<Lease> => {
    const lease = await machine.lease()
    identities.push(lease.server, lease.supervisor)
    return lease
  }
  const startSleep = async (endpoint: Endpoint): Promise<ProcessIdentity> => {
    const command = `sleep ${sleepSeconds++}`
    await runBash(endpoint, machine.lab.project, command)
    let found: ProcessIdentity | undefined
    await until('the tool runs', async () => (found = await findProcess(command)) !== undefined, 30_000)
    assert.ok(found)
    identities.push(found)
    return found
  }
  const gone = (all: readonly ProcessIdentity[]): Promise<number> =>
    until(
      'all gone',
      async () => !(await Promise.all(all.map((one) => isRunning(one)))).includes(true),
      30_000,
    )

  it('have one server between them when they all start at the same moment, from nothing', async () => {
    const hosts = await Promise.all(Array.from({ length: 4 }, () => machine.host()))
    await remembered()
    assert.equal(new Set(hosts.map(({ endpoint }) => endpoint.url)).size, 1)
    assert.equal(new Set(hosts.map(({ endpoint }) => endpoint.password)).size, 1)
    assert.equal((await serversOf(machine.lab.home)).length, 1)
  })

  it('start servers that differ, or that are not shared, on the same fresh data one after the other', async () => {
    const other = { ...machine.lab.env, MINE: '1' }
    const alone = machine.windowAlone()
    const [first, second] = await Promise.all([machine.host(), machine.host({}, other), alone.start()])
    identities.push(...(await machine.leases()).flatMap(({ server, supervisor }) => [server, supervisor]))
    assert.equal(new Set([first.endpoint.url, second.endpoint.url, alone.connection?.url]).size, 3)
    for (const { endpoint } of [first, second]) {
      const authorization = `Basic ${btoa(`${endpoint.username}:${endpoint.password}`)}`
      const query = `?directory=${encodeURIComponent(machine.lab.project)}`
      const answer = await fetch(`${endpoint.url}/session${query}`, { headers: { authorization } })
      assert.deepEqual(await answer.json(), [])
    }
  })

  it('go on with it when the one that started it is killed, with its tools and keys', async () => {
    const founder = await machine.host({ providerKey: 'openai' })
    const lease = await remembered()
    const other = await machine.host()
    const tool = await startSleep(founder.endpoint)
    founder.child.kill('SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, graceMs + 3000))
    assert.deepEqual([await isRunning(lease.server), await isRunning(tool)], [true, true])
    assert.match(await machine.readKeys(), /key-of-a-test/)
    assert.equal((await machine.host()).endpoint.url, other.endpoint.url)
  })

  it('leave nothing when all of them are killed: no server, no tool, no key of ours', async () => {
    const founder = await machine.host({ providerKey: 'openai' })
    const { server, supervisor } = await remembered()
    const other = await machine.host()
    const tool = await startSleep(other.endpoint)
    founder.child.kill('SIGKILL')
    other.child.kill('SIGKILL')
    const elapsedMs = await gone([server, supervisor, tool])
    assert.ok(elapsedMs < graceMs + 5000, `${elapsedMs} ms`)
    assert.doesNotMatch(await machine.readKeys(), /key-of-a-test/)
    assert.deepEqual(await machine.leases(), [])
  })

  it('do not lose a running tool when a window is gone for less than the time of grace', async () => {
    const founder = await machine.host()
    const { server } = await remembered()
    const tool = await startSleep(founder.endpoint)
    founder.child.kill('SIGKILL')
    const next = await machine.host()
    assert.equal(next.endpoint.url, founder.endpoint.url)
    await new Promise((resolve) => setTimeout(resolve, graceMs + 1000))
    assert.deepEqual([await isRunning(server), await isRunning(tool)], [true, true])
  })

  it('end the server and start another when the supervisor is killed', async () => {
    const window = machine.window()
    await window.start()
    const { server, supervisor } = await remembered()
    const host = await machine.host()
    process.kill(supervisor.pid, 'SIGKILL')
    await gone([server])
    await until(
      'a new one runs',
      async () => {
        const [lease] = await machine.leases()
        return lease !== undefined && lease.server.pid !== server.pid && window.status.kind === 'running'
      },
      30_000,
    )
    await remembered()
    assert.notEqual(window.connection?.url, host.endpoint.url)
  })

  it('end a server whose supervisor and windows were all killed, at the next start', async () => {
    const host = await machine.host()
    const { server, supervisor } = await remembered()
    process.kill(supervisor.pid, 'SIGSTOP')
    host.child.kill('SIGKILL')
    process.kill(supervisor.pid, 'SIGKILL')
    await gone([supervisor])
    assert.equal(await isRunning(server), true)
    await machine.window().start()
    assert.equal(await isRunning(server), false)
  })
})

async function findProcess(commandLine: string): Promise<ProcessIdentity | undefined> {
  for (const { pid } of await listProcesses()) {
    const found = await describeProcess(pid)
    if (found?.commandLine === commandLine) return found
  }
  return undefined
}

/** The servers whose data lie in this home. */
async function serversOf(home: string): Promise<readonly number[]> {
  const found: number[] = []
  for (const { pid } of await listProcesses()) {
    const command = (await describeProcess(pid))?.commandLine ?? ''
    const env = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (/ serve --hostname/.test(command) && env.split('\0').includes(`HOME=${home}`)) found.push(pid)
  }
  return found
}
