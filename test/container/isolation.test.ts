import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { connect } from '../../src/client/connect.ts'
import type { ClientLog } from '../../src/client/connection.ts'
import { mapPaths } from '../../src/client/paths/mappedConnection.ts'
import { Git } from '../../src/server/isolation/git.ts'
import { ServerManager } from '../../src/server/serverManager.ts'
import { Outbox } from '../../src/sync/sending/outbox.ts'
import { SessionHub } from '../../src/sync/sessionHub.ts'
import { taskMounts, removeTaskContainers } from '../../src/tasks/taskContainers.ts'
import type { TaskBackend, TaskHost } from '../../src/tasks/taskHost.ts'
import type { Task } from '../../src/tasks/task.ts'
import { Tasks } from '../../src/tasks/tasks.ts'
import { startContainerTestLab, type ContainerTestLab } from './support/containerTestLab.ts'

const exec = promisify(execFile)

describe('Isolated sessions in containers', () => {
  let lab: ContainerTestLab
  let project: string
  let storage: string
  let tasks: Tasks

  before(async () => {
    lab = await startContainerTestLab()
    project = lab.lab.project
    storage = path.join(lab.lab.root, 'storage')
    await git('config', 'user.name', 'Ada')
    await git('config', 'user.email', 'ada@example.com')
    tasks = openTasks()
  })
  after(async () => {
    for (const task of tasks.all) await task.delete()
    tasks.dispose()
    await lab.dispose()
  })

  const git = async (...args: readonly string[]): Promise<string> =>
    (await exec('git', args, { cwd: project })).stdout
  const read = (name: string): Promise<string> => readFile(path.join(project, name), 'utf8')
  const state = async (): Promise<string> =>
    [await git('status', '--porcelain'), await git('for-each-ref'), await git('diff', 'HEAD')].join('\n')

  function openTasks(limit = 2): Tasks {
    const log: ClientLog = { debug() {}, info() {}, warn: (line) => void lab.log.push(line) }
    return new Tasks({
      storage,
      git: () => new Git(),
      limit: () => limit,
      host: containerHost(lab, log),
      log,
    })
  }
  const create = (name: string): Promise<Task> =>
    tasks.create({ folder: project, kind: 'container', base: 'changes-and-new', name })
  const bash = (command: string): string =>
    `[[tool:bash ${JSON.stringify({ command, description: 'work' })}]][[text:done]]`

  it('work at once, apart from each other and from the user, and their changes are merged back', async function () {
    this.timeout(240_000)
    await writeFile(path.join(project, 'mine.txt'), 'mine\n')
    const before = await state()
    const [first, second] = [await create('first'), await create('second')]
    const results = await Promise.all([
      first.run(
        bash(
          'cat mine.txt && echo one > from-first.txt && sed -i s/one/ONE/ a.txt && git add -A && git commit -qm "By the first" && git log --oneline',
        ),
      ),
      second.run(bash('echo two > from-second.txt; sed -i s/three/THREE/ a.txt; ls')),
    ])
    assert.deepEqual(
      results.map(({ text }) => text),
      ['done', 'done'],
    )
    assert.equal(await state(), before, 'nothing outside has changed')
    assert.deepEqual(await changed(first), ['a.txt', 'from-first.txt'])
    assert.deepEqual(await changed(second), ['a.txt', 'from-second.txt'])

    const branch = await first.finish({ as: 'branch', message: 'The first' })
    assert.deepEqual(branch.as === 'branch' && branch.branch, 'opencode/first')
    const log = await git('log', '--format=%s', 'opencode/first')
    assert.equal(log, 'By the first\nUncommitted changes on main\nConfigure\nStart\n')
    assert.equal(await read('a.txt'), 'one\ntwo\nthree\n')

    await second.finish({ as: 'patch' })
    assert.equal(await read('a.txt'), 'one\ntwo\nTHREE\n')
    assert.equal(await read('from-second.txt'), 'two\n')
    await git('add', '-A')
    await git('commit', '-qm', 'Mine and the second')
    await git('merge', '-q', '-m', 'Merge', 'opencode/first')
    assert.equal(await read('a.txt'), 'ONE\ntwo\nTHREE\n')
    assert.equal(await read('from-first.txt'), 'one\n')
  })

  it('are refused beyond the limit, until one is stopped', async function () {
    this.timeout(120_000)
    const [first] = tasks.all
    assert.ok(first)
    await assert.rejects(create('third'), { code: 'limit-reached' })
    await first.stop()
    const third = await create('third')
    assert.equal(first.state, 'stopped')
    await third.start()
    await assert.rejects(first.start(), { code: 'limit-reached' })
    await third.delete()
  })

  it('refuse a patch that does not fit, and change nothing', async function () {
    this.timeout(120_000)
    const [, second] = tasks.all
    assert.ok(second)
    await second.run(bash('echo theirs > a.txt; echo more > more.txt'))
    await writeFile(path.join(project, 'a.txt'), 'mine now\n')
    const before = await state()
    await assert.rejects(second.finish({ as: 'patch' }), { code: 'conflict' })
    assert.equal(await state(), before)
    await git('checkout', '-q', 'a.txt')
  })

  it('cannot write the repository outside, nor see what we keep about them', async function () {
    this.timeout(120_000)
    const [, second] = tasks.all
    assert.ok(second)
    const objects = path.join(project, '.git', 'objects')
    const label = `label=opencode-sessions.workspace=${second.place.root}`
    const id = (await lab.podman('ps', '--quiet', '--filter', label)).trim()
    const attempt = async (command: string): Promise<string> =>
      lab.podman('exec', id, 'sh', '-c', `{ ${command}; } 2>&1 || true`)
    assert.match(await attempt(`touch ${objects}/x`), /Read-only file system/)
    assert.match(await attempt(`rm -rf ${objects}/pack`), /Read-only file system/)
    assert.equal(
      await attempt(`ls -A ${project} ${project}/.git`),
      `${project}:\n.git\n\n${project}/.git:\nobjects\n`,
    )
    assert.equal(
      await attempt(`ls -A ${path.dirname(second.place.root)}`),
      `${path.basename(second.place.root)}\n`,
      'what we keep is not in sight',
    )
    assert.equal((await git('fsck')).trim(), '')
  })

  it('are found again after a reload, with their sessions, while another window keeps off', async function () {
    this.timeout(120_000)
    const [, second] = tasks.all
    assert.ok(second)
    const connection = await second.start()
    const sessions = await connection.listSessions({ directory: second.directory })
    assert.ok(sessions.length > 0)
    const other = openTasks(9)
    other.load([project])
    const same = other.get(second.id)
    assert.equal(same?.branch, 'opencode/second')
    await assert.rejects(same.start(), { code: 'busy' })
    await second.stop()
    const again = await same.start()
    assert.equal((await again.listSessions({ directory: same.directory })).length, sessions.length)
    await same.stop()
    other.dispose()
  })

  it('leave nothing behind when they are deleted: no container, volume, folder or branch', async function () {
    this.timeout(120_000)
    await tasks.all[0]?.start()
    const branches = await git('branch', '--list', 'opencode/*')
    for (const task of tasks.all) await task.finish({ as: 'discard' })
    assert.deepEqual(tasks.all, [])
    assert.deepEqual(await readdir(storage), [])
    const mine = ['--filter', `label=opencode-sessions.workspace`]
    const containers = await lab.podman('ps', '--all', '--format', '{{.Labels}}', ...mine)
    const volumes = await lab.podman('volume', 'ls', '--format', '{{.Labels}}', ...mine)
    assert.ok(!`${containers}${volumes}`.includes(storage))
    assert.equal(
      await git('branch', '--list', 'opencode/*'),
      branches,
      'a branch that was brought back stays',
    )
    assert.equal(branches.trim(), 'opencode/first')
  })
})

async function changed(task: Task): Promise<readonly string[]> {
  return (await task.changes()).files.map((file) => file.path)
}

/** What the extension does for a window, without one. */
function containerHost(lab: ContainerTestLab, log: ClientLog): TaskHost {
  const made = new Map<string, TaskBackend & { readonly end: () => Promise<void> }>()
  return {
    launcher: (place) => lab.launcher({ workspace: place.root, mounts: taskMounts(place) }),
    serve: ({ root, directory }, launcher) => {
      const server = new ServerManager({
        launcher,
        connect: async (endpoint, signal) =>
          mapPaths(await connect(endpoint, { log, signal }), endpoint.pathRules),
        log,
      })
      let kept: unknown
      const outbox = new Outbox({ get: () => kept, set: async (value) => void (kept = value) })
      const hub = new SessionHub({ outbox, log })
      server.onDidChangeConnection((connection) => hub.setConnection(connection))
      const watch = hub.watchDirectory(directory)
      const end = async (): Promise<void> => {
        await server.stop()
        watch.dispose()
        hub.dispose()
      }
      made.set(root, { server, hub, outbox, end })
      return { server, hub, outbox }
    },
    leave: async ({ root }) => {
      await made.get(root)?.end()
      made.delete(root)
    },
    clean: (place) => removeTaskContainers(lab.engine, place),
  }
}
