import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import {
  describeProcess,
  isRunning,
  listProcesses,
  parsePsLine,
  parseWindowsLine,
} from '../../../../src/server/process/processTable.ts'
import type { ProcessIdentity } from '../../../../src/server/process/processTable.ts'
import { descendantsOf, killTree } from '../../../../src/server/process/processTree.ts'
import { until } from '../support/tools.ts'

describe('A process tree', () => {
  const children: ChildProcess[] = []
  const started: ProcessIdentity[] = []
  afterEach(async () => {
    await killTree(started.splice(0), 0)
    children.splice(0)
  })

  const start = async (script: string): Promise<ProcessIdentity> => {
    const child = spawn('/bin/bash', ['-c', script], { stdio: 'ignore', detached: true })
    children.push(child)
    const found = await describeProcess(child.pid ?? 0)
    assert.ok(found)
    started.push(found)
    return found
  }
  const waitForDescendants = async (
    root: ProcessIdentity,
    count: number,
  ): Promise<readonly ProcessIdentity[]> => {
    await until(`${count} descendants`, async () => (await descendantsOf(root)).length >= count)
    return descendantsOf(root)
  }
  const allGone = async (identities: readonly ProcessIdentity[]): Promise<boolean> =>
    !(await Promise.all(identities.map((identity) => isRunning(identity)))).includes(true)

  it('is ended with children that lead sessions and groups of their own', async () => {
    const root = await start('setsid sleep 297 & (setsid bash -c "sleep 297 & wait") & wait')
    const below = await waitForDescendants(root, 3)
    assert.equal(await killTree([root], 2000), true)
    assert.equal(await allGone([root, ...below]), true)
  })

  it('is ended with children that lost their parent in its session', async () => {
    const root = await start('(sleep 297 &) ; exec sleep 297')
    await until(
      'orphan',
      async () => (await listProcesses()).filter((entry) => entry.session === root.pid).length === 2,
    )
    assert.equal(await killTree([root], 2000), true)
    assert.deepEqual(
      (await listProcesses()).filter((entry) => entry.session === root.pid),
      [],
    )
  })

  it('is ended when its root is dead already', async () => {
    const root = await start('sleep 297 & sleep 297')
    const below = await waitForDescendants(root, 2)
    process.kill(root.pid, 'SIGKILL')
    await until('root is dead', async () => !(await isRunning(root)))
    assert.equal(await killTree([root], 2000), true)
    assert.equal(await allGone(below), true)
  })

  it('is killed when it does not listen', async () => {
    const root = await start('trap "" TERM; while :; do sleep 0.05; done')
    assert.equal(await killTree([root], 200), true)
    assert.equal(await isRunning(root), false)
  })

  it('is left alone when the pid belongs to a process that started at another time', async () => {
    const root = await start('sleep 297')
    assert.equal(await killTree([{ pid: root.pid, startTime: 'another' }], 100), true)
    assert.equal(await isRunning(root), true)
  })

  it('leaves the processes beside it alone', async () => {
    const [root, other] = [await start('sleep 297'), await start('sleep 297')]
    await killTree([root], 1000)
    assert.equal(await isRunning(other), true)
  })
})

describe('The process table', () => {
  it('knows this process', async () => {
    const found = await describeProcess(process.pid)
    assert.ok(found)
    assert.match(found.commandLine, /mocha/)
    const entry = (await listProcesses()).find(({ pid }) => pid === process.pid)
    assert.equal(entry?.startTime, found.startTime)
    assert.equal(entry.parent, process.ppid)
  })

  it('has nothing to say about a pid that nobody has', async () => {
    assert.equal(await describeProcess(2 ** 22 + 1), undefined)
  })

  it('is read from what ps prints on macOS', () => {
    assert.deepEqual(parsePsLine('  501     1   501 Ss   Fri Nov 20 23:15:02 2026    '), [
      { pid: 501, parent: 1, group: 501, session: 0, startTime: 'Fri Nov 20 23:15:02 2026' },
    ])
    assert.deepEqual(parsePsLine('  501     1   501 Z    Fri Nov 20 23:15:02 2026'), [])
    assert.deepEqual(parsePsLine(''), [])
  })

  it('is read from what PowerShell prints on Windows', () => {
    const [found] = parseWindowsLine('77|4|639|"C:\\a b\\opencode.exe" serve --port 1\r')
    assert.deepEqual(found?.details, {
      pid: 77,
      startTime: '639',
      commandLine: '"C:\\a b\\opencode.exe" serve --port 1',
    })
    assert.equal(found.entry.parent, 4)
  })
})
