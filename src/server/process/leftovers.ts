import { randomUUID } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientLog } from '../../client/connection.ts'
import { type ProcessDetails, type ProcessIdentity, describeProcess, isRunning } from './processTable.ts'
import { killTree } from './processTree.ts'

/** What is written down about a running server of ours. Never holds a password. */
export interface ServerRecord {
  readonly server: ProcessDetails
  readonly port: number
  /** The extension host that started it. */
  readonly owner: ProcessIdentity
  readonly supervisor: ProcessIdentity | undefined
}

const recordPattern = /^server-[\w-]+\.json$/
const graceMs = 1000

/**
 * The written memory of servers that we run, one file each, so that windows do not get in each other's way.
 * It is only needed after the worst case: extension host and supervisor both killed.
 */
export class Leftovers {
  readonly #directory: string
  readonly #log: ClientLog

  constructor(stateDirectory: string, log: ClientLog) {
    this.#directory = join(stateDirectory, 'servers')
    this.#log = log
  }

  /** Writes a record, readable by this user alone, and returns its name for `forget`. */
  async remember(record: ServerRecord, name = `server-${randomUUID()}.json`): Promise<string> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const path = join(this.#directory, name)
    await writeFile(`${path}.tmp`, JSON.stringify(record), { mode: 0o600 })
    await rename(`${path}.tmp`, path)
    return name
  }

  async forget(name: string): Promise<void> {
    await rm(join(this.#directory, name), { force: true })
  }

  /**
   * Ends servers whose extension host is gone. A process is only touched when its pid, its start time and
   * its command line all are the recorded ones; never because it listens on some port. Never rejects.
   */
  async reap(): Promise<void> {
    for (const name of await this.#names()) {
      try {
        await this.#reapOne(name)
      } catch (error) {
        this.#log.warn(`server: could not look after the record ${name}: ${String(error)}`)
      }
    }
  }

  async #names(): Promise<readonly string[]> {
    try {
      return (await readdir(this.#directory)).filter((name) => recordPattern.test(name))
    } catch {
      return []
    }
  }

  async #reapOne(name: string): Promise<void> {
    const record = parseRecord(await readFile(join(this.#directory, name), 'utf8'))
    if (!record) return this.forget(name)
    if (await isRunning(record.owner)) return
    // A living supervisor is about to end its server, in better order than we could.
    if (record.supervisor && (await isRunning(record.supervisor))) return
    await endLeftover(record.server, this.#log)
    await this.forget(name)
  }
}

/**
 * Ends a server that a crash left behind with all it runs, if pid, start time and command line are the ones that
 * were written down.
 */
export async function endLeftover(server: ProcessDetails, log: ClientLog): Promise<void> {
  const now = await describeProcess(server.pid)
  if (!now || !isSameProcess(now, server)) return
  log.info(`server: ending a server that a crash left behind (pid ${now.pid})`)
  await killTree([now], graceMs)
}

function isSameProcess(a: ProcessDetails, b: ProcessDetails): boolean {
  return a.pid === b.pid && a.startTime === b.startTime && a.commandLine === b.commandLine
}

function parseRecord(text: string): ServerRecord | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return isRecord(value) ? value : undefined
}

function isRecord(value: unknown): value is ServerRecord {
  if (!isObject(value) || typeof value['port'] !== 'number') return false
  const { server, owner, supervisor } = value
  return (
    isIdentity(server) &&
    'commandLine' in server &&
    typeof server.commandLine === 'string' &&
    server.commandLine !== '' &&
    isIdentity(owner) &&
    (supervisor === undefined || isIdentity(supervisor))
  )
}

function isIdentity(value: unknown): value is ProcessIdentity {
  if (!isObject(value)) return false
  const { pid, startTime } = value
  return Number.isInteger(pid) && Number(pid) > 1 && typeof startTime === 'string' && startTime !== ''
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
