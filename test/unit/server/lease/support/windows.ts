import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '../../../../../src/client/connect.ts'
import type { ClientLog, Endpoint } from '../../../../../src/client/connection.ts'
import { type Lease, readLease } from '../../../../../src/server/lease/lease.ts'
import { SharedLauncher } from '../../../../../src/server/lease/sharedLauncher.ts'
import { readLines } from '../../../../../src/server/process/lineReader.ts'
import { ProcessLauncher } from '../../../../../src/server/process/processLauncher.ts'
import { backoffRestarts } from '../../../../../src/server/restartPolicy.ts'
import { ServerManager } from '../../../../../src/server/serverManager.ts'
import { type Lab, opencodeBinary, startLab } from '../../../../support/opencodeLab.ts'
import {
  bundleSupervisor,
  createTempFolder,
  createTestLog,
  type TempFolder,
  type TestLog,
  until,
} from '../../support/tools.ts'

/** Short, so that tests need not wait; real windows get more. */
export const graceMs = 1500
export const busyGraceMs = 4000

export interface HostRequest {
  readonly supervisorPath: string
  readonly stateDirectory: string
  readonly leaseDirectory: string
  readonly cwd: string
  readonly providerKey?: string
}

export interface Host {
  readonly child: ChildProcess
  readonly endpoint: Endpoint
}

const program = {
  binary: () => Promise.resolve({ path: opencodeBinary(), version: '1.18.33', source: 'setting' as const }),
  execPath: process.execPath,
}

interface LauncherRequest extends HostRequest {
  readonly env: NodeJS.ProcessEnv
  readonly log: ClientLog
  readonly secrets: Map<string, string>
  /** Windows of one process count once unless they have numbers of their own. */
  readonly host?: number
}

export function sharedLauncher({ secrets, ...request }: LauncherRequest): SharedLauncher {
  return new SharedLauncher({
    ...request,
    ...program,
    grace: { killed: graceMs, idle: graceMs, busy: busyGraceMs },
    otherLineMs: 1_500,
    secrets: {
      get: (key) => Promise.resolve(secrets.get(key)),
      set: (key, value) => Promise.resolve(void secrets.set(key, value)),
      delete: (key) => Promise.resolve(void secrets.delete(key)),
    },
  })
}

/** A user's machine with several windows, some of them in this process, some in processes of their own. */
export class Machine {
  readonly lab: Lab
  readonly log: TestLog = createTestLog()
  readonly secrets = new Map<string, string>()
  readonly #folder: TempFolder
  readonly #supervisorPath: string
  readonly #managers: ServerManager[] = []
  readonly #hosts: ChildProcess[] = []

  static async create(config: Readonly<Record<string, unknown>> = {}): Promise<Machine> {
    const folder = await createTempFolder()
    const lab = await startLab({ config: { permission: { bash: 'allow', edit: 'allow' }, ...config } })
    return new Machine(lab, folder, await bundleSupervisor(folder.path))
  }

  private constructor(lab: Lab, folder: TempFolder, supervisorPath: string) {
    this.lab = lab
    this.#folder = folder
    this.#supervisorPath = supervisorPath
  }

  get leaseDirectory(): string {
    return this.#folder.path
  }

  get #request(): HostRequest {
    const { path } = this.#folder
    return {
      supervisorPath: this.#supervisorPath,
      stateDirectory: join(path, 'state'),
      leaseDirectory: path,
      cwd: this.lab.project,
    }
  }

  /** A window in this process; it does not start by itself. */
  window(changes: Partial<Pick<LauncherRequest, 'env' | 'secrets' | 'host'>> = {}): ServerManager {
    const { log, lab, secrets } = this
    const host = this.#managers.length + 1
    const manager = new ServerManager({
      launcher: () => sharedLauncher({ ...this.#request, env: lab.env, log, secrets, host, ...changes }),
      connect: (endpoint, signal) => connect(endpoint, { log, signal }),
      log,
      restartPolicy: backoffRestarts({ firstDelayMs: 10, maxRestarts: 3 }),
    })
    this.#managers.push(manager)
    return manager
  }

  /** A window in this process that wants a server for itself. */
  windowAlone(): ServerManager {
    const { log, lab } = this
    const launcher = new ProcessLauncher({ ...this.#request, ...program, env: lab.env, log })
    const manager = new ServerManager({
      launcher: () => launcher,
      connect: (endpoint, signal) => connect(endpoint, { log, signal }),
      log,
    })
    this.#managers.push(manager)
    return manager
  }

  /** A window in a process of its own, up and running. */
  async host(changes: Partial<HostRequest> = {}, env: NodeJS.ProcessEnv = this.lab.env): Promise<Host> {
    const script = join(import.meta.dirname, 'sharedHost.ts')
    const request = JSON.stringify({ ...this.#request, ...changes })
    const child = spawn(process.execPath, ['--no-warnings', script, request], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#hosts.push(child)
    const lines: string[] = []
    readLines(child.stdout, (line) => lines.push(line))
    await until('the host is running', () => lines.includes('running'), 60_000)
    return { child, endpoint: JSON.parse(lines[0] ?? '') as Endpoint }
  }

  /** All leases that there are. */
  async leases(): Promise<readonly Lease[]> {
    const found = await Promise.all((await this.leasePaths()).map((path) => readLease(path)))
    return found.filter((lease) => lease !== undefined && lease !== 'broken')
  }

  async leasePaths(): Promise<readonly string[]> {
    const names = (await readdir(this.#folder.path)).filter((name) => name.endsWith('.json'))
    return names.map((name) => join(this.#folder.path, name))
  }

  /** The lease of the only server. */
  async lease(): Promise<Lease> {
    const [lease, ...more] = await this.leases()
    if (!lease || more.length > 0) throw new Error(`There are ${more.length + (lease ? 1 : 0)} leases.`)
    return lease
  }

  readKeys(): Promise<string> {
    return readFile(join(this.lab.home, '.local/share/opencode/auth.json'), 'utf8').catch(() => '')
  }

  /** Ends all windows, and waits until no server is left. */
  async clear(): Promise<void> {
    for (const host of this.#hosts.splice(0)) host.kill('SIGKILL')
    await Promise.all(this.#managers.splice(0).map((manager) => manager.stop()))
    await until('no lease is left', async () => (await this.leases()).length === 0, 20_000)
  }

  async dispose(): Promise<void> {
    await this.lab.dispose()
    await this.#folder.remove()
  }
}
