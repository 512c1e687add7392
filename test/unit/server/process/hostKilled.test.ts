import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Endpoint } from '../../../../src/client/connection.ts'
import { Leftovers, type ServerRecord } from '../../../../src/server/process/leftovers.ts'
import { readLines } from '../../../../src/server/process/lineReader.ts'
import {
  describeProcess,
  isRunning,
  listProcesses,
  type ProcessIdentity,
} from '../../../../src/server/process/processTable.ts'
import { killTree } from '../../../../src/server/process/processTree.ts'
import { type Lab, opencodeBinary, startLab } from '../../../support/opencodeLab.ts'
import { runBash } from '../support/serverRequests.ts'
import {
  bundleSupervisor,
  createTempFolder,
  createTestLog,
  type TempFolder,
  until,
} from '../support/tools.ts'

interface Host {
  readonly child: ChildProcess
  readonly endpoint: Endpoint
  readonly record: ServerRecord
}

describe('When the extension host is killed', function () {
  this.timeout(180_000)
  let lab: Lab
  let folder: TempFolder
  let supervisorPath: string
  let sleepSeconds = 3000
  const identities: ProcessIdentity[] = []
  const hosts: ChildProcess[] = []

  before(async () => {
    lab = await startLab({ config: { permission: { bash: 'allow', edit: 'allow' } } })
    folder = await createTempFolder()
    supervisorPath = await bundleSupervisor(folder.path)
  })
  afterEach(async () => {
    for (const host of hosts.splice(0)) host.kill('SIGKILL')
    await killTree(identities.splice(0), 0)
  })
  after(async () => {
    await lab.dispose()
    await folder.remove()
  })

  const startHost = async (): Promise<Host> => {
    const stateDirectory = join(folder.path, `state-${performance.now()}`)
    const script = join(import.meta.dirname, '../support/hostProcess.ts')
    const args = ['--no-warnings', script, supervisorPath, stateDirectory, opencodeBinary(), lab.project]
    const child = spawn(process.execPath, args, { env: lab.env, stdio: ['ignore', 'pipe', 'inherit'] })
    const lines: string[] = []
    readLines(child.stdout, (line) => lines.push(line))
    await until('host is running', () => lines.includes('running'), 30_000)
    const records = join(stateDirectory, 'servers')
    const [name = ''] = await readdir(records)
    const record = JSON.parse(await readFile(join(records, name), 'utf8')) as ServerRecord
    hosts.push(child)
    identities.push(record.server, ...(record.supervisor ? [record.supervisor] : []))
    return { child, record, endpoint: JSON.parse(lines[0] ?? '') as Endpoint }
  }
  const startSleep = async (endpoint: Endpoint): Promise<ProcessIdentity> => {
    const command = `sleep ${sleepSeconds++}`
    await runBash(endpoint, lab.project, command)
    let found: ProcessIdentity | undefined
    await until('the tool runs', async () => (found = await findProcess(command)) !== undefined, 30_000)
    assert.ok(found)
    identities.push(found)
    return found
  }
  const readKeys = (): Promise<string> => readFile(join(lab.home, '.local/share/opencode/auth.json'), 'utf8')
  const waitUntilGone = (all: readonly ProcessIdentity[]): Promise<number> =>
    until(
      'all gone',
      async () => !(await Promise.all(all.map((one) => isRunning(one)))).includes(true),
      20_000,
    )

  it('its server and the running tool are gone within 5 s, and so are our provider keys', async () => {
    const host = await startHost()
    const tool = await startSleep(host.endpoint)
    assert.match(await readKeys(), /key-of-a-test/)
    host.child.kill('SIGKILL')
    const { server, supervisor } = host.record
    assert.ok(supervisor)
    const elapsedMs = await waitUntilGone([server, tool, supervisor])
    assert.ok(elapsedMs < 5000, `${elapsedMs} ms`)
    assert.doesNotMatch(await readKeys(), /key-of-a-test/)
  })

  it('a server that hangs is gone within 5 s too', async () => {
    const host = await startHost()
    const tool = await startSleep(host.endpoint)
    process.kill(host.record.server.pid, 'SIGSTOP')
    host.child.kill('SIGKILL')
    const elapsedMs = await waitUntilGone([host.record.server, tool])
    assert.ok(elapsedMs < 5000, `${elapsedMs} ms`)
  })

  it('together with the supervisor, the next start ends the server and its tool', async () => {
    const host = await startHost()
    const tool = await startSleep(host.endpoint)
    const { server, supervisor, owner } = host.record
    assert.ok(supervisor)
    process.kill(supervisor.pid, 'SIGSTOP')
    host.child.kill('SIGKILL')
    process.kill(supervisor.pid, 'SIGKILL')
    await waitUntilGone([supervisor, owner])
    assert.equal(await isRunning(server), true)
    const state = join(folder.path, 'state-next')
    const leftovers = new Leftovers(state, createTestLog())
    await leftovers.remember(host.record)
    await leftovers.reap()
    assert.deepEqual([await isRunning(server), await isRunning(tool)], [false, false])
  })

  it('a tool is not left behind by a server that is killed', async () => {
    const host = await startHost()
    const tool = await startSleep(host.endpoint)
    // The supervisor looks once a second at what runs.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    process.kill(host.record.server.pid, 'SIGKILL')
    await waitUntilGone([tool])
  })
})

async function findProcess(commandLine: string): Promise<ProcessIdentity | undefined> {
  for (const { pid } of await listProcesses()) {
    const found = await describeProcess(pid)
    if (found?.commandLine === commandLine) return found
  }
  return undefined
}
