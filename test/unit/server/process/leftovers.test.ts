import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Leftovers, type ServerRecord } from '../../../../src/server/process/leftovers.ts'
import {
  describeProcess,
  isRunning,
  type ProcessDetails,
} from '../../../../src/server/process/processTable.ts'
import { killTree } from '../../../../src/server/process/processTree.ts'
import { createTempFolder, createTestLog, type TempFolder } from '../support/tools.ts'

const gone = { pid: 2 ** 22 + 1, startTime: 'long ago' }

describe('A server that a crash left behind', () => {
  let folder: TempFolder
  let leftovers: Leftovers
  let server: ProcessDetails

  beforeEach(async () => {
    folder = await createTempFolder()
    leftovers = new Leftovers(folder.path, createTestLog())
    const child = spawn('sleep', ['296'], { stdio: 'ignore', detached: true })
    const found = await describeProcess(child.pid ?? 0)
    assert.ok(found)
    server = found
  })
  afterEach(async () => {
    await killTree([server], 0)
    await folder.remove()
  })

  const remember = (changes: Partial<ServerRecord> = {}): Promise<string> =>
    leftovers.remember({ server, port: 1, owner: gone, supervisor: gone, ...changes })
  const names = (): Promise<readonly string[]> => readdir(join(folder.path, 'servers'))

  it('is ended when pid, start time and command line are the recorded ones', async () => {
    await remember()
    await leftovers.reap()
    assert.equal(await isRunning(server), false)
    assert.deepEqual(await names(), [])
  })

  it('is left alone when the start time is another one', async () => {
    await remember({ server: { ...server, startTime: `${server.startTime}1` } })
    await leftovers.reap()
    assert.equal(await isRunning(server), true)
    assert.deepEqual(await names(), [])
  })

  it('is left alone when the command line is another one', async () => {
    await remember({ server: { ...server, commandLine: 'opencode serve' } })
    await leftovers.reap()
    assert.equal(await isRunning(server), true)
    assert.deepEqual(await names(), [])
  })

  it('is left alone while the extension host that started it lives', async () => {
    const owner = await describeProcess(process.pid)
    assert.ok(owner)
    await remember({ owner })
    await leftovers.reap()
    assert.equal(await isRunning(server), true)
    assert.equal((await names()).length, 1)
  })

  it('is left to its supervisor while that lives', async () => {
    const supervisor = await describeProcess(process.pid)
    await remember({ supervisor })
    await leftovers.reap()
    assert.equal(await isRunning(server), true)
    assert.equal((await names()).length, 1)
  })

  it('is found although other records are damaged', async () => {
    await mkdir(join(folder.path, 'servers'), { recursive: true })
    await writeFile(join(folder.path, 'servers', 'server-a.json'), '{ half')
    await writeFile(
      join(folder.path, 'servers', 'server-b.json'),
      '{"server":{"pid":1,"startTime":"x"},"port":1}',
    )
    await mkdir(join(folder.path, 'servers', 'server-c.json'))
    await remember()
    await leftovers.reap()
    assert.equal(await isRunning(server), false)
    assert.deepEqual(await names(), ['server-c.json'])
  })

  it('has a record that only this user can read', async () => {
    const name = await remember()
    assert.equal((await stat(join(folder.path, 'servers', name))).mode & 0o777, 0o600)
  })

  it('is no trouble when there never was one', () => leftovers.reap())
})
