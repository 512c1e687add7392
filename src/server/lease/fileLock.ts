import { createHash, randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { OpencodeError } from '../../opencode/errors.ts'
import { abortedError } from '../launchError.ts'
import { type ProcessIdentity, describeProcess, isRunning } from '../process/processTable.ts'

export interface FileLock {
  /** Gives it back. Never rejects. */
  release(): Promise<void>
}

export interface LockOptions {
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

interface Claim extends ProcessIdentity {
  readonly nonce: string
}

const pollMs = 100
/** Every how many looks the holder's start time is compared, which costs a program run on some systems. */
const thoroughEvery = 20

/**
 * A lock among all processes of this machine: the file is made in one step, with its holder in it. A holder
 * that died without a word is recognized by pid and start time.
 *
 * To take the lock from a dead holder, one must hold the lock that is named after that very claim; so of
 * several that see the same dead holder, one removes the file, and never a file that came after it.
 *
 * @throws OpencodeError `timeout`, `aborted`; errors of the file system
 */
export async function acquireLock(path: string, options: LockOptions): Promise<FileLock> {
  const own = await describeProcess(process.pid)
  const claim = { pid: process.pid, startTime: own?.startTime ?? 'unknown', nonce: randomUUID() }
  const end = Date.now() + options.timeoutMs
  for (let look = 0; ; look++) {
    if (options.signal.aborted) throw abortedError()
    if (await create(path, claim)) return { release: () => remove(path, claim.nonce).catch(() => undefined) }
    const holder = await readClaim(path)
    if (holder && (await isGone(holder, look % thoroughEvery === 0))) {
      await breakLock(path, holder, options)
      continue
    }
    if (Date.now() > end) throw tooLate(options.timeoutMs)
    if (holder) await sleep(pollMs, undefined, { signal: options.signal }).catch(() => undefined)
  }
}

/** Whether a process that is still there holds the lock. */
export async function isLocked(path: string): Promise<boolean> {
  const holder = await readClaim(path)
  return holder !== undefined && !(await isGone(holder, true))
}

/** The name appears together with its content, so nobody ever reads half a claim. */
async function create(path: string, claim: Claim): Promise<boolean> {
  const temporary = `${path}.${claim.nonce}.new`
  await writeFile(temporary, JSON.stringify(claim), { mode: 0o600 })
  try {
    await link(temporary, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

async function breakLock(path: string, holder: Claim, options: LockOptions): Promise<void> {
  const right = await acquireLock(`${path}.${holder.nonce}`, options)
  try {
    await remove(path, holder.nonce)
  } finally {
    await right.release()
  }
}

async function remove(path: string, nonce: string): Promise<void> {
  if ((await readClaim(path))?.nonce === nonce) await rm(path, { force: true })
}

async function readClaim(path: string): Promise<Claim | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch {
    return undefined
  }
  return parseClaim(text)
}

/** Whatever is no claim counts as one of a process that is gone. */
function parseClaim(text: string): Claim {
  try {
    const { pid, startTime, nonce } = JSON.parse(text) as Partial<Claim>
    const isClaim = Number.isInteger(pid) && Number(pid) > 0 && typeof startTime === 'string'
    if (isClaim && typeof nonce === 'string' && /^[\w-]+$/.test(nonce)) {
      return { pid: Number(pid), startTime, nonce }
    }
  } catch {
    // Somebody else's file; see below.
  }
  return { pid: 0, startTime: '', nonce: createHash('sha256').update(text).digest('hex').slice(0, 16) }
}

async function isGone(holder: Claim, isThorough: boolean): Promise<boolean> {
  if (holder.pid === 0) return true
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true
  }
  return isThorough && !(await isRunning(holder))
}

function tooLate(timeoutMs: number): OpencodeError {
  const seconds = Math.round(timeoutMs / 1000)
  return new OpencodeError(
    'timeout',
    `Another window has been starting OpenCode for more than ${seconds} seconds. Look what it shows, then try again.`,
  )
}
