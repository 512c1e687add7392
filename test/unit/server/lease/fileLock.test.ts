import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OpencodeError } from '../../../../src/opencode/errors.ts'
import { acquireLock, type FileLock } from '../../../../src/server/lease/fileLock.ts'
import { describeProcess } from '../../../../src/server/process/processTable.ts'
import { createTempFolder, type TempFolder, until } from '../support/tools.ts'

describe('A lock among processes', function () {
  this.timeout(120_000)
  let folder: TempFolder
  let path: string

  beforeEach(async () => {
    folder = await createTempFolder()
    path = join(folder.path, 'start.lock')
  })
  afterEach(() => folder.remove())

  const acquire = (timeoutMs = 10_000, signal = new AbortController().signal): Promise<FileLock> =>
    acquireLock(path, { signal, timeoutMs })
  const codeOf = async (promise: Promise<unknown>): Promise<string> => {
    const error: unknown = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof OpencodeError, String(error))
    return error.code
  }

  it('lets one in at a time, also when several meet a dead holder or die themselves', async () => {
    const number = join(folder.path, 'number')
    await writeFile(number, '0')
    await writeFile(path, JSON.stringify({ pid: 2 ** 22 - 3, startTime: 'long ago', nonce: 'dead' }))
    const script = join(import.meta.dirname, 'support/lockUser.ts')
    const fates = ['live', 'die', 'live', 'die', 'live', 'live']
    const users = fates.map((fate) =>
      spawn(process.execPath, ['--no-warnings', script, path, number, '5', fate], { stdio: 'inherit' }),
    )
    await Promise.all(users.map((user) => once(user, 'exit')))
    assert.equal(Number(await readFile(number, 'utf8')), 4 * 5 + 2)
    const lock = await acquire()
    await lock.release()
    assert.deepEqual(await readdir(folder.path), ['number'])
  })

  it('is readable by this user alone', async () => {
    const lock = await acquire()
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    await lock.release()
  })

  it('is taken from a process that has only the pid of the holder', async () => {
    await writeFile(path, JSON.stringify({ pid: process.pid, startTime: 'before', nonce: 'other' }))
    const lock = await acquire()
    const own = await describeProcess(process.pid)
    const { startTime } = JSON.parse(await readFile(path, 'utf8')) as { startTime: string }
    assert.equal(startTime, own?.startTime)
    await lock.release()
  })

  it('is taken from a file that says nothing', async () => {
    await writeFile(path, 'not by us')
    await (await acquire()).release()
    assert.deepEqual(await readdir(folder.path), [])
  })

  it('says so when the holder does not come to an end', async () => {
    const lock = await acquire()
    assert.equal(await codeOf(acquire(300)), 'timeout')
    await lock.release()
  })

  it('can be called off, and is not taken then', async () => {
    const lock = await acquire()
    const controller = new AbortController()
    const waiting = codeOf(acquire(10_000, controller.signal))
    controller.abort()
    assert.equal(await waiting, 'aborted')
    await lock.release()
    await until('free again', async () => (await readdir(folder.path)).length === 0)
  })

  it('removes no lock that came after its own', async () => {
    const lock = await acquire()
    const next = JSON.stringify({ pid: process.pid, startTime: 'x', nonce: 'next' })
    await writeFile(path, next)
    await lock.release()
    assert.equal(await readFile(path, 'utf8'), next)
  })
})
