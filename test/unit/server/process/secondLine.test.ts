import assert from 'node:assert/strict'
import { readlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { processesWithHome, type ProcessEntry } from '../../../../scripts/lib/processes.ts'
import { connect } from '../../../../src/client/connect.ts'
import type { ServerHandle } from '../../../../src/server/launcher.ts'
import { locateBinary } from '../../../../src/server/binary/binaryLocator.ts'
import { newMessageID } from '../../../../src/opencode/newIds.ts'
import { describeProcess } from '../../../../src/server/process/processTable.ts'
import { ProcessLauncher } from '../../../../src/server/process/processLauncher.ts'
import { startLab, type Lab } from '../../../support/opencodeLab.ts'
import {
  bundleSupervisor,
  createTempFolder,
  createTestLog,
  type TempFolder,
  until,
} from '../support/tools.ts'

const never = new AbortController().signal

describe('An OpenCode 2 that is started here', function () {
  this.timeout(60_000)
  let lab: Lab
  let folder: TempFolder
  let supervisorPath: string

  before(async () => {
    lab = await startLab({ wire: 2 })
    folder = await createTempFolder()
    supervisorPath = await bundleSupervisor(folder.path)
  })
  after(async () => {
    await lab.dispose()
    await folder.remove()
  })

  const binary = (setting = path.join(lab.root, 'bin', 'opencode')) =>
    locateBinary({
      setting,
      env: lab.env,
      home: lab.home,
      platform: process.platform,
      developmentRoot: undefined,
    })

  async function launch(): Promise<ServerHandle> {
    return new ProcessLauncher({
      binary: () => binary(),
      supervisorPath,
      execPath: process.execPath,
      stateDirectory: path.join(folder.path, 'state'),
      cwd: lab.project,
      env: lab.env,
      log: createTestLog(),
    }).launch(never)
  }

  it('is started by its version, with a password of ours and an input that ends with its supervisor', async () => {
    const handle = await launch()
    const connection = await connect(handle.endpoint, { log: createTestLog() })
    assert.equal(connection.version, '2.0.21')
    await connection.close()
    await assert.rejects(connect({ ...handle.endpoint, password: 'another' }, { log: createTestLog() }), {
      code: 'unauthorized',
    })
    const { url, username, password } = handle.endpoint
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    const answer = await fetch(`${url}/api/info`, { headers: { authorization } })
    const { pid } = (await answer.json()) as { readonly pid: number }
    assert.match((await describeProcess(pid))?.commandLine ?? '', /serve --stdio/)
    if (process.platform === 'linux') assert.match(await readlink(`/proc/${pid}/fd/0`), /^(pipe|socket):/)
    await handle.stop()
    assert.equal(await describeProcess(pid), undefined)
  })

  it('ends with its input, and a tool of it too, when its supervisor is killed without a word', async () => {
    const handle = await launch()
    const connection = await connect(handle.endpoint, { log: createTestLog() })
    const { id } = await connection.createSession(lab.project)
    const now = Date.now()
    const line = 'sleep 4711'
    await connection.commands.run(id, {
      id: newMessageID(now),
      created: now,
      parts: [],
      run: { kind: 'shell', line },
    })
    const all = async (): Promise<readonly ProcessEntry[]> => processesWithHome(lab.home)
    await until('the tool runs', async () => (await all()).some(({ command }) => command.includes(line)))
    await connection.close()
    const running = await all()
    const server = running.find(({ command }) => / serve /.test(command))
    const supervisor = running.find(({ pid }) => pid === server?.parent)
    assert.ok(server && supervisor && /supervisor/.test(supervisor.command), JSON.stringify(running))
    process.kill(supervisor.pid, 'SIGKILL')
    const own = new Set(running.map(({ pid }) => pid))
    await until('all of it is gone', async () => !(await all()).some(({ pid }) => own.has(pid)), 5_000)
  })

  for (const early of ['2.0.0', '2.0.1', '2.0.2', '2.0.3'])
    it(`is refused when it is one of the first releases (${early})`, async () => {
      const setting = path.join(folder.path, `opencode-${early}`)
      await writeFile(setting, `#!/bin/sh\necho ${early}\n`, { mode: 0o755 })
      await assert.rejects(binary(setting), { code: 'version-too-old', message: /2\.0\.4/ })
    })
})
