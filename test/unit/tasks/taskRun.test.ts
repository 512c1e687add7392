import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { connect } from '../../../src/client/connect.ts'
import { AttachLauncher } from '../../../src/server/attachLauncher.ts'
import { Git } from '../../../src/server/isolation/git.ts'
import { ServerManager } from '../../../src/server/serverManager.ts'
import { Outbox } from '../../../src/sync/sending/outbox.ts'
import { SessionHub } from '../../../src/sync/sessionHub.ts'
import type { Task } from '../../../src/tasks/task.ts'
import { Tasks } from '../../../src/tasks/tasks.ts'
import { startLab, type Lab } from '../../support/opencodeLab.ts'
import { createTestLog } from '../server/support/tools.ts'

/** The server is one that runs already: how it comes up is tested elsewhere. */
describe('A task on a real server', function () {
  this.timeout(60_000)
  let lab: Lab
  let tasks: Tasks
  let task: Task

  before(async () => {
    lab = await startLab()
    const server = await lab.startServer()
    const log = createTestLog()
    tasks = new Tasks({
      storage: path.join(lab.root, 'storage'),
      git: () => new Git('git', lab.env),
      limit: () => 1,
      log,
      host: {
        launcher: () => new AttachLauncher(server),
        serve: (_, launcher) => {
          const manager = new ServerManager({
            launcher,
            connect: (endpoint, signal) => connect(endpoint, { log, signal }),
            log,
          })
          const outbox = new Outbox({ get: () => [], set: async () => {} })
          const hub = new SessionHub({ outbox, log })
          manager.onDidChangeConnection((connection) => hub.setConnection(connection))
          return { server: manager, hub, outbox }
        },
        leave: async () => {},
        clean: async () => {},
      },
    })
    task = await tasks.create({ folder: lab.project, kind: 'worktree', base: 'head', name: 'work' })
  })
  after(async () => {
    await task.delete()
    tasks.dispose()
    await lab.dispose()
  })

  it('runs a prompt, tells the text as it grows, and asks for permissions', async () => {
    const texts: string[] = []
    const asked: string[] = []
    const prompt =
      '[[tool:bash {"command":"cat /etc/hostname > host.txt","description":"x"}]][[text:All is done now.]]'
    const result = await task.run(prompt, {
      onText: (text) => texts.push(text),
      onPermission: ({ action }) => {
        asked.push(action)
        return 'once'
      },
    })
    assert.equal(result.text, 'All is done now.')
    assert.equal(texts.at(-1), 'All is done now.')
    assert.deepEqual([...asked].sort(), ['external_directory', 'shell'])
    assert.deepEqual(
      (await task.changes()).files.map((file) => file.path),
      ['host.txt'],
    )
    const { stdout } = await promisify(execFile)('git', ['status', '--porcelain'], { cwd: lab.project })
    assert.equal(stdout, '')
  })

  it('goes on in the same session', async () => {
    const first = await task.run('[[text:one]]')
    const second = await task.run('[[text:two]]', { sessionID: first.sessionID })
    assert.deepEqual([second.text, second.sessionID], ['two', first.sessionID])
  })

  it('says why a run failed', async () => {
    await assert.rejects(task.run('[[error:401]]'), { code: 'server-error' })
  })

  it('aborts a run at any moment', async () => {
    for (const delay of [0, 50, 600]) {
      const controller = new AbortController()
      setTimeout(() => controller.abort(), delay)
      await assert.rejects(task.run('[[hang]]', { signal: controller.signal }), { code: 'aborted' })
    }
    const connection = await task.start()
    const end = Date.now() + 10_000
    const running = async () => [...(await connection.readStatus(task.directory)).values()]
    while ((await running()).length > 0) assert.ok(Date.now() < end, JSON.stringify(await running()))
  })

  it('fails when its server goes down meanwhile', async () => {
    setTimeout(() => void task.stop(), 700)
    await assert.rejects(task.run('[[hang]]'), { code: 'not-running' })
    assert.equal(task.state, 'stopped')
  })
})
