import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ProcessEntry,
  type ProcessIdentity,
  isRunning,
  listProcesses,
  windowsTool,
} from './processTable.ts'
import { runProgram } from './runProgram.ts'

const pollMs = 50
const lastWaitMs = 1000

/**
 * Ends processes and everything that they started: SIGTERM, then SIGKILL for what is left after `graceMs`.
 * Resolves true when nothing of it runs any more. A pid that was given to another process is left alone.
 *
 * The server runs tools in process groups of their own, which killing its group would miss, and which get a
 * new parent as soon as the server is dead. So the tree is written down before the first signal and looked
 * up again until it is empty.
 */
export async function killTree(roots: readonly ProcessIdentity[], graceMs: number): Promise<boolean> {
  if (process.platform === 'win32') return killTreeOnWindows(roots)
  const victims = new Map<number, string>(roots.map((root) => [root.pid, root.startTime]))
  const signalled = new Set<number>()
  const graceEnd = Date.now() + graceMs
  for (;;) {
    const living = collect(victims, await listProcesses())
    if (living.length === 0) return true
    const isHard = Date.now() >= graceEnd
    if (Date.now() >= graceEnd + lastWaitMs) return false
    for (const { pid } of living) {
      if (!isHard && signalled.has(pid)) continue
      signalled.add(pid)
      send(pid, isHard ? 'SIGKILL' : 'SIGTERM')
    }
    await sleep(pollMs)
  }
}

/** The descendants of a process, without itself; empty when it is gone or cannot be seen. */
export async function descendantsOf(root: ProcessIdentity): Promise<readonly ProcessIdentity[]> {
  const living = collect(new Map([[root.pid, root.startTime]]), await listProcesses())
  return living.filter(({ pid }) => pid !== root.pid).map(({ pid, startTime }) => ({ pid, startTime }))
}

/**
 * Adds to `victims` what descends from them and returns those that live. What lost its parent is still
 * known by its session (Linux) when a victim leads or led that session: its id is not given out again before
 * the session is empty.
 */
function collect(victims: Map<number, string>, entries: readonly ProcessEntry[]): readonly ProcessEntry[] {
  const living: ProcessEntry[] = []
  const byPid = new Map(entries.map((entry) => [entry.pid, entry]))
  const queue = entries.filter((entry) => isVictim(victims, entry, byPid))
  const seen = new Set(queue.map(({ pid }) => pid))
  for (let entry = queue.pop(); entry; entry = queue.pop()) {
    living.push(entry)
    victims.set(entry.pid, entry.startTime)
    const { pid } = entry
    const more = entries.filter(
      (other) => !seen.has(other.pid) && (other.parent === pid || other.session === pid),
    )
    for (const child of more) seen.add(child.pid)
    queue.push(...more)
  }
  return living
}

function isVictim(
  victims: ReadonlyMap<number, string>,
  entry: ProcessEntry,
  byPid: ReadonlyMap<number, ProcessEntry>,
): boolean {
  if (victims.get(entry.pid) === entry.startTime) return true
  if (entry.session === 0 || entry.session === entry.pid || !victims.has(entry.session)) return false
  const leader = byPid.get(entry.session)
  return leader === undefined || victims.get(leader.pid) === leader.startTime
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself in the meantime, or is not ours.
  }
}

/** Windows has no polite signal for a console program without a window; `taskkill` walks the tree itself. */
async function killTreeOnWindows(roots: readonly ProcessIdentity[]): Promise<boolean> {
  for (const root of roots) {
    if (!(await isRunning(root))) continue
    const args = ['/PID', String(root.pid), '/T', '/F']
    await runProgram(windowsTool('taskkill.exe'), args, { env: process.env, timeoutMs: 4000 })
  }
  const left = await Promise.all(roots.map((root) => isRunning(root)))
  return !left.includes(true)
}
