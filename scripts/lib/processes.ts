import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** One process of this machine. */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** All descendants of a process, parents before children. */
export async function descendants(pid: number): Promise<readonly ProcessEntry[]> {
  const all = await listProcesses()
  const found: ProcessEntry[] = []
  const parents = [pid]
  for (const parent of parents) {
    for (const entry of all.filter((candidate) => candidate.parent === parent)) {
      found.push(entry)
      parents.push(entry.pid)
    }
  }
  return found
}

/** Every process that this user may see. */
export async function listProcesses(): Promise<readonly ProcessEntry[]> {
  return process.platform === 'linux' ? listFromProc() : listFromPs()
}

/** Processes that run in this home folder, however far they have drifted from who started them. Linux only. */
export async function processesWithHome(home: string): Promise<readonly ProcessEntry[]> {
  const all = await listProcesses()
  const own = await Promise.all(
    all.map(async (entry) => {
      const environment = await readFile(`/proc/${entry.pid}/environ`, 'utf8').catch(() => '')
      return environment.split('\0').includes(`HOME=${home}`) ? entry : undefined
    }),
  )
  return own.filter((entry) => entry !== undefined)
}

/** Whether a process exists and is not a zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  if (process.platform === 'linux') return (await readEntry(pid)) !== undefined
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function listFromProc(): Promise<readonly ProcessEntry[]> {
  const names = await readdir('/proc')
  const entries = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((name) => readEntry(Number(name))),
  )
  return entries.filter((entry) => entry !== undefined)
}

async function readEntry(pid: number): Promise<ProcessEntry | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state === 'Z' || state === 'X') return undefined
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim()
    return { pid, parent: Number(parent), command }
  } catch {
    // It ended while we looked.
    return undefined
  }
}

async function listFromPs(): Promise<readonly ProcessEntry[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args='], {
    maxBuffer: 16 * 1024 * 1024,
  })
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)
    return match ? [{ pid: Number(match[1]), parent: Number(match[2]), command: match[3] ?? '' }] : []
  })
}
