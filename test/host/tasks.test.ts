import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import * as vscode from 'vscode'
import type { IsolatedTask } from '../../api/index.d.ts'
import type { ExampleReviewer } from '../exampleExtension/extension.ts'
import { activated, projectUri } from './support.ts'

const caller = 'example.reviewer'

describe('Isolated sessions through the API', function () {
  this.timeout(180_000)
  let example: ExampleReviewer
  let task: IsolatedTask
  const project = projectUri().fsPath
  const made = path.join(project, 'made.txt')
  const git = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)('git', args, { cwd: project })).stdout

  before(async () => {
    const extension = vscode.extensions.getExtension<ExampleReviewer>(caller)
    assert.ok(extension)
    example = await extension.activate()
    await (await activated()).consents.set(caller, 'allowed')
  })
  after(async () => {
    const { services, consents } = await activated()
    for (const each of services.isolation.tasks.all) await each.delete()
    await consents.set(caller, undefined)
    await rm(made, { force: true })
    await git('branch', '-D', 'opencode/api').catch(() => undefined)
  })

  it('refuse what makes no sense', async () => {
    const { tasks } = example.api
    await assert.rejects(tasks.create({ isolation: 'wall' as 'container' }), { code: 'invalid-request' })
    await assert.rejects(tasks.create({ base: 'tomorrow' as 'commit' }), { code: 'invalid-request' })
    await assert.rejects(tasks.create({ folder: '/nowhere' }), { code: 'foreign-folder' })
    await assert.rejects(tasks.get('none'), { code: 'unknown-task' })
    assert.deepEqual(await tasks.list(), [])
  })

  it('run on files of their own with a server of their own', async () => {
    task = await example.api.tasks.create({ isolation: 'worktree', name: 'API' })
    assert.deepEqual([task.branch, task.state], ['opencode/api', 'stopped'])
    const before = await git('status', '--porcelain')
    const prompt = '[[tool:bash {"command":"echo made > made.txt","description":"x"}]][[text:Made it.]]'
    const { text } = await task.run({ prompt }, { onPermission: () => 'once' }).result
    assert.equal(text, 'Made it.')
    assert.equal(task.state, 'running')
    assert.equal(await git('status', '--porcelain'), before)
    assert.deepEqual(await task.changes(), [
      { path: path.join(task.folder, 'made.txt'), status: 'added', additions: 1, deletions: 0 },
    ])
    assert.deepEqual(
      (await example.api.tasks.list()).map(({ id }) => id),
      [task.id],
    )
  })

  it('bring changes back as a branch, and into the files', async () => {
    const branch = await task.finish({ as: 'branch', message: 'Made by an extension' })
    assert.ok(branch.as === 'branch')
    assert.equal(await git('log', '-1', '--format=%s', branch.branch), 'Made by an extension\n')
    await assert.rejects(access(made))
    assert.deepEqual(await task.finish({ as: 'patch' }), { as: 'patch', files: [made] })
    assert.equal(await readFile(made, 'utf8'), 'made\n')
  })

  it('are gone when they are deleted', async () => {
    const { folder } = task
    await task.delete()
    assert.equal(task.state, 'deleted')
    await assert.rejects(access(folder))
    await assert.rejects(task.changes(), { code: 'nothing-changed' })
    assert.throws(() => task.run({ prompt: 'x' }), { code: 'unknown-task' })
  })
})
