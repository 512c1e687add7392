import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { OpencodeError } from '../../opencode/errors.ts'
import { type ProcessIdentity, describeProcess, isRunning } from '../process/processTable.ts'
import { hash, memoryFolder } from './containerPlan.ts'
import type { Engine } from './engine.ts'
import type { ContainerEntry } from './engineAnswers.ts'

export const labels = {
  /** `server` or `gateway`: the sign of all that is ours. */
  role: 'opencode-sessions.role',
  /** Absolute path outside. */
  workspace: 'opencode-sessions.workspace',
  /** Who started it; see `claim` for who uses it now. */
  owner: 'opencode-sessions.owner',
  /** The machine that the owner's process id counts on. */
  machine: 'opencode-sessions.machine',
  settings: 'opencode-sessions.settings',
  /** The common name of what belongs to one server: gateway, networks. */
  group: 'opencode-sessions.group',
} as const

/** Without the name itself, which need not be known to whoever else uses the engine. */
export const thisMachine = hash(hostname()).slice(0, 16)

export async function ownIdentity(): Promise<ProcessIdentity> {
  const found = await describeProcess(process.pid)
  return { pid: process.pid, startTime: found?.startTime ?? 'unknown' }
}

/** Differs each time, so that one process can let go of a container and take it over again. */
export function formatOwner({ pid, startTime }: ProcessIdentity): string {
  return `${pid}/${startTime}#${randomBytes(4).toString('hex')}`
}

function parseOwner(text: string): ProcessIdentity | undefined {
  const found = /^(\d+)\/([^#\n]+)#\w+$/.exec(text.trim())
  return found ? { pid: Number(found[1]), startTime: found[2] ?? '' } : undefined
}

/** For a container that its window has let go of; whoever comes first may have it. */
function freeOwner(): string {
  return `free#${randomBytes(4).toString('hex')}`
}

/** Lets go of a container, also for windows that come before this process has ended. */
export async function disown(engine: Engine, id: string): Promise<string> {
  const owner = freeOwner()
  const script = `umask 077; cd ${memoryFolder} && cat > owner.new && mv owner.new owner`
  const result = await engine.exec(id, script, { input: owner, timeoutMs: 2000 })
  if (result.code !== 0) throw new OpencodeError('not-found', 'The container is gone.')
  return owner
}

/** `own`: this process, be it that it uses the container or has let go of it. */
export type OwnerState = 'own' | 'alive' | 'gone' | 'elsewhere'

/** Who uses a container, and whether that window is still there. */
export interface Ownership {
  readonly state: OwnerState
  /** As the container has it; what `claim` builds on. */
  readonly text: string
}

/** Asks the container itself, which knows who took it over; the label only knows who started it. */
export async function findOwner(engine: Engine, entry: ContainerEntry): Promise<Ownership> {
  if (entry.labels[labels.machine] !== thisMachine) return { state: 'elsewhere', text: '' }
  const text = await currentOwner(engine, entry)
  // A container that cannot be asked may well be in use.
  if (text === undefined) return { state: 'alive', text: '' }
  const owner = parseOwner(text)
  if (!owner || !(await isRunning(owner))) return { state: 'gone', text }
  return { state: owner.pid === process.pid ? 'own' : 'alive', text }
}

/** Who started it counts until somebody is written down inside. Undefined when the container does not answer. */
async function currentOwner(engine: Engine, entry: ContainerEntry): Promise<string | undefined> {
  const first = entry.labels[labels.owner] ?? ''
  if (!entry.isRunning || entry.labels[labels.role] !== 'server') return first
  const script = `cat ${memoryFolder}/owner 2>/dev/null || true`
  const result = await engine.exec(entry.id, script).catch(() => undefined)
  return result?.code === 0 ? result.stdout.trim() || first : undefined
}

/**
 * Takes over a running container from the owner that was found gone. When several try, making a folder decides:
 * exactly one of them succeeds, also when the others still believe in the owner before.
 */
export async function claim(engine: Engine, entry: ContainerEntry, change: OwnerChange): Promise<boolean> {
  const before = hash(change.from).slice(0, 16)
  const script = [
    `umask 077; cd ${memoryFolder}`,
    `mark="claimed-${before}"`,
    // Who made the folder and then died before the next line does not keep the others out for ever.
    'mkdir "$mark" 2>/dev/null || [ -n "$(find "$mark" -maxdepth 0 -mmin +1)" ] || exit 9',
    'cat > owner.new && mv owner.new owner',
  ].join('\n')
  const result = await engine.exec(entry.id, script, { input: change.to })
  return result.code === 0
}

export interface OwnerChange {
  readonly from: string
  readonly to: string
}

/** Gives a fresh container its environment and owner, through memory only. */
export async function handOver(
  engine: Engine,
  id: string,
  environment: string,
  owner: string,
): Promise<boolean> {
  const script = [
    `umask 077; cd ${memoryFolder}`,
    `printf %s "${owner}" > owner`,
    'cat > environment.new && mv environment.new environment',
  ].join('\n')
  const result = await engine.exec(id, script, { input: environment })
  return result.code === 0
}

/** The password of a running container of ours. Whoever may use the engine may read it. */
export async function readPassword(engine: Engine, id: string): Promise<string | undefined> {
  const result = await engine.exec(id, `cat ${memoryFolder}/password`)
  return result.code === 0 && result.stdout.trim() !== '' ? result.stdout.trim() : undefined
}

/**
 * Environment as lines that a shell reads, so that any value passes, several lines too.
 * @throws OpencodeError `invalid-argument` for names that are none
 */
export function environmentScript(environment: Readonly<Record<string, string>>): string {
  const lines = Object.entries(environment).map(([name, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(name) || value.includes('\0')) {
      throw new OpencodeError('invalid-argument', `"${name}" cannot be the name of an environment variable.`)
    }
    return `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`
  })
  return lines.join('')
}
