import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from './runProgram.ts'

/** Tells one process from a later one that got the same pid. Compare start times only for equality. */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTime: string
}

export interface ProcessEntry extends ProcessIdentity {
  readonly parent: number
  /** Id of the process group. 0 where the system has none. */
  readonly group: number
  /** Id of the session (Linux); 0 where it is not known. */
  readonly session: number
}

/** A process with the command line it was started with. */
export interface ProcessDetails extends ProcessIdentity {
  readonly commandLine: string
}

/**
 * The processes that run now, zombies left out. Linux reads /proc, macOS asks `ps`, Windows asks PowerShell
 * (best effort: half a second, and an empty list when it is not allowed to run).
 */
export async function listProcesses(): Promise<readonly ProcessEntry[]> {
  if (process.platform === 'linux') return listFromProc()
  if (process.platform === 'win32') return (await listFromPowerShell()).map(({ entry }) => entry)
  return listFromPs()
}

/** Start time and command line of one process; undefined when there is none (or it cannot be read). */
export async function describeProcess(pid: number): Promise<ProcessDetails | undefined> {
  if (process.platform === 'linux') return describeFromProc(pid)
  if (process.platform === 'win32') return (await listFromPowerShell(pid))[0]?.details
  return describeFromPs(pid)
}

/** Whether exactly this process is still there. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  const now = await describeProcess(identity.pid)
  return now?.startTime === identity.startTime
}

async function listFromProc(): Promise<readonly ProcessEntry[]> {
  const boot = await bootId()
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const entries = await Promise.all(names.map((name) => readStat(Number(name), boot)))
  return entries.filter((entry) => entry !== undefined)
}

async function describeFromProc(pid: number): Promise<ProcessDetails | undefined> {
  const entry = await readStat(pid, await bootId())
  const commandLine = await readText(`/proc/${pid}/cmdline`)
  if (!entry || commandLine === undefined) return undefined
  return { pid, startTime: entry.startTime, commandLine: commandLine.split('\0').join(' ').trim() }
}

/** Fields behind the name, which may itself hold spaces and brackets: see proc_pid_stat(5). */
async function readStat(pid: number, boot: string): Promise<ProcessEntry | undefined> {
  const text = await readText(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, parent, group, session] = fields
  if (state === 'Z' || state === 'X') return undefined
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTime: `${boot}:${fields[19] ?? ''}`,
  }
}

/** Ticks since boot repeat after the next boot, so a start time names the boot as well. */
async function bootId(): Promise<string> {
  return ((await readText('/proc/sys/kernel/random/boot_id')) ?? '').trim()
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}

const psEnv = { LC_ALL: 'C', TZ: 'UTC', PATH: '/bin:/usr/bin' }

async function listFromPs(): Promise<readonly ProcessEntry[]> {
  const result = await runProgram('ps', ['-axo', 'pid=,ppid=,pgid=,stat=,lstart='], {
    env: psEnv,
    timeoutMs: 3000,
  })
  return result.stdout.split('\n').flatMap((line) => parsePsLine(line))
}

/** Reads one line of `ps -o pid=,ppid=,pgid=,stat=,lstart=`. */
export function parsePsLine(line: string): readonly ProcessEntry[] {
  const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S.*?)\s*$/.exec(line)
  if (!found) return []
  const [, pid, parent, group, state, started] = found
  if (state?.startsWith('Z') === true) return []
  const startTime = (started ?? '').replace(/\s+/g, ' ')
  return [{ pid: Number(pid), parent: Number(parent), group: Number(group), session: 0, startTime }]
}

async function describeFromPs(pid: number): Promise<ProcessDetails | undefined> {
  const args = ['-ww', '-p', String(pid), '-o', 'lstart=,command=']
  const result = await runProgram('ps', args, { env: psEnv, timeoutMs: 3000 })
  const found = /^\s*(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)\s+(.*\S)\s*$/m.exec(result.stdout)
  if (!found) return undefined
  const [, started, commandLine] = found
  return { pid, startTime: (started ?? '').replace(/\s+/g, ' '), commandLine: commandLine ?? '' }
}

interface WindowsProcess {
  readonly entry: ProcessEntry
  readonly details: ProcessDetails
}

/** Best effort: `wmic` is gone from current Windows, CIM is there but may be forbidden by policy. */
async function listFromPowerShell(pid?: number): Promise<readonly WindowsProcess[]> {
  const filter = pid === undefined ? '' : ` -Filter "ProcessId=${pid}"`
  const script =
    `Get-CimInstance Win32_Process${filter} | ForEach-Object { ` +
    `"$($_.ProcessId)|$($_.ParentProcessId)|$($_.CreationDate.ToUniversalTime().Ticks)|$($_.CommandLine)" }`
  const result = await runProgram(
    windowsTool('WindowsPowerShell/v1.0/powershell.exe'),
    powerShellArgs(script),
    {
      env: process.env,
      timeoutMs: 4000,
    },
  )
  return result.stdout.split('\n').flatMap((line) => parseWindowsLine(line))
}

function powerShellArgs(script: string): readonly string[] {
  return ['-NoProfile', '-NonInteractive', '-Command', script]
}

/** Reads one `pid|parent|ticks|command line`. */
export function parseWindowsLine(line: string): readonly WindowsProcess[] {
  const found = /^(\d+)\|(\d+)\|(\d+)\|(.*?)\s*$/.exec(line)
  if (!found) return []
  const [, pidText, parent, startTime = '', commandLine = ''] = found
  const pid = Number(pidText)
  return [
    {
      entry: { pid, parent: Number(parent), group: 0, session: 0, startTime },
      details: { pid, startTime, commandLine },
    },
  ]
}

/** A tool of Windows by its full path, so that no other program on PATH can take its place. */
export function windowsTool(name: string): string {
  return join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', name)
}
