import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isLoopbackHost } from '../../client/endpoint.ts'

/** What the background service of OpenCode 2 writes down about itself. */
export interface Registration {
  /** Loopback only: its password goes nowhere else. */
  readonly url: string
  readonly pid: number
  readonly version: string | undefined
  readonly password: string
}

/** The file that the service is registered in; the same place below the home folder on every system. */
export function registrationPath(env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME'] || join(env['HOME'] || homedir(), '.local', 'state')
  return join(state, 'opencode', 'service.json')
}

/** Undefined when there is no file, or none that makes sense: then there is no service. */
export async function readRegistration(path: string): Promise<Registration | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  try {
    return parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function parse(value: unknown): Registration | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { url, pid, version, password } = value as Readonly<Record<string, unknown>>
  if (typeof url !== 'string' || !URL.canParse(url) || !isLoopbackHost(new URL(url).hostname))
    return undefined
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return undefined
  return {
    url: new URL(url).origin,
    pid,
    version: typeof version === 'string' ? version : undefined,
    password: typeof password === 'string' ? password : '',
  }
}
