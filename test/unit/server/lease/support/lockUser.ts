/*
 * One of many processes that want a lock: takes it some times, each time adds one to a number in a file the slow
 * way, and gives it back; `die` ends it by a signal while it holds the lock. Arguments: lock, number, how often, die.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { acquireLock } from '../../../../../src/server/lease/fileLock.ts'

const [, , path = '', number = '', times = '1', fate = ''] = process.argv
for (let round = 0; round < Number(times); round++) {
  const lock = await acquireLock(path, { signal: new AbortController().signal, timeoutMs: 60_000 })
  const before = Number(await readFile(number, 'utf8'))
  await sleep(10)
  await writeFile(number, String(before + 1))
  if (fate === 'die') process.kill(process.pid, 'SIGKILL')
  await lock.release()
}
