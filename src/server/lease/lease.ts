import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { ProcessDetails } from '../process/processTable.ts'

/**
 * What is written down about a server that windows share: how to find its supervisor, and how to tell both
 * processes from later ones with the same numbers. It never holds the password.
 */
export interface Lease {
  /** Changes when old and new windows would not understand each other. */
  readonly protocol: typeof leaseProtocol
  /** Made anew for each server. Who knows it could read this file, which only this user can. */
  readonly nonce: string
  readonly supervisor: ProcessDetails
  readonly server: ProcessDetails
  /** Of the server, on loopback. For people who look; nothing is ever decided by a port. */
  readonly port: number
  readonly username: string
  /** Of OpenCode. */
  readonly version: string
  /** The local socket of the supervisor, or its named pipe. */
  readonly socketPath: string
  /** Tells the data that the server works on from others; older leases do not say it. */
  readonly data?: string
}

export const leaseProtocol = 1

/** Undefined when there is none; `broken` when the file is no lease that we understand. */
export async function readLease(path: string): Promise<Lease | 'broken' | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : 'broken'
  }
  return parseLease(text) ?? 'broken'
}

/** Writes it in one step, readable by this user alone. */
export async function writeLease(path: string, lease: Lease): Promise<void> {
  const temporary = `${path}.${lease.nonce}`
  await writeFile(temporary, JSON.stringify(lease), { mode: 0o600 })
  await rename(temporary, path)
}

/** Removes exactly this lease; one that has taken its place stays. */
export async function removeLease(path: string, nonce: string): Promise<void> {
  const now = await readLease(path)
  if (now === undefined || (now !== 'broken' && now.nonce !== nonce)) return
  await rm(path, { force: true })
}

function parseLease(text: string): Lease | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return isLease(value) ? value : undefined
}

function isLease(value: unknown): value is Lease {
  if (!isObject(value)) return false
  const { protocol, nonce, supervisor, server, port, username, version, socketPath } = value
  return (
    protocol === leaseProtocol &&
    isDetails(supervisor) &&
    isDetails(server) &&
    Number.isInteger(port) &&
    [nonce, username, version, socketPath].every((text) => typeof text === 'string' && text !== '')
  )
}

function isDetails(value: unknown): value is ProcessDetails {
  if (!isObject(value)) return false
  const { pid, startTime, commandLine } = value
  return (
    Number.isInteger(pid) &&
    Number(pid) > 1 &&
    [startTime, commandLine].every((text) => typeof text === 'string' && text !== '')
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
