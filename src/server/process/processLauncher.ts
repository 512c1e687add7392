import { randomBytes } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import type { ClientLog, Endpoint } from '../../client/connection.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import { wireOf } from '../../opencode/version.ts'
import { orAborted, settlesWithin } from '../async.ts'
import type { Binary } from '../binary/binary.ts'
import { serverEnvironment } from '../environment.ts'
import { findFreePort } from '../freePort.ts'
import { LaunchError, abortedError } from '../launchError.ts'
import type { ServerHandle, ServerLauncher } from '../launcher.ts'
import { underStartLock } from '../lease/startLock.ts'
import { Leftovers } from './leftovers.ts'
import { type ProcessIdentity, describeProcess } from './processTable.ts'
import { SupervisedProcess } from './supervisedProcess.ts'
import type { ServerProgram } from './supervisedProcess.ts'

export interface ProcessLauncherOptions {
  /** Finds the program anew for each start. */
  readonly binary: () => Promise<Binary>
  /** The built `dist/supervisor.js`. */
  readonly supervisorPath: string
  /** Runs the supervisor: `process.execPath`, be it Node or Electron. */
  readonly execPath: string
  /** A folder of ours on this machine where the records of running servers are kept. */
  readonly stateDirectory: string
  /** The folder that the server runs in; it serves others as well. */
  readonly cwd: string
  /** Taken over by the server, apart from what belongs to VS Code itself. Never changed. */
  readonly env: NodeJS.ProcessEnv
  readonly log: ClientLog
  /** Default 30 s. */
  readonly startTimeoutMs?: number
  readonly choosePort?: () => Promise<number>
  /** What this window is counted by among those that share a server; default: the id of this process. */
  readonly host?: number
}

const defaultStartTimeoutMs = 30_000
const maxAttempts = 4
const recordTimeoutMs = 500
const username = 'opencode'

/** Starts `opencode serve` for this window alone: on loopback, on a free port, with a password of its own. */
export class ProcessLauncher implements ServerLauncher {
  readonly origin = 'managed'
  readonly #options: ProcessLauncherOptions
  readonly #leftovers: Leftovers

  constructor(options: ProcessLauncherOptions) {
    this.#options = options
    this.#leftovers = new Leftovers(options.stateDirectory, options.log)
  }

  async launch(signal: AbortSignal): Promise<ServerHandle> {
    if (signal.aborted) throw abortedError()
    const binary = await orAborted(this.#options.binary(), signal)
    const { env, log } = this.#options
    const started = await underStartLock({ env, log, signal }, () => this.start(binary, signal))
    return toPrivateHandle(started)
  }

  /** Starts a server; the caller sees to it that no other starts on the same data meanwhile. */
  async start(binary: Binary, signal: AbortSignal): Promise<StartedServer> {
    await orAborted(this.#prepare(), signal)
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#launchOnce(binary, signal)
      } catch (error) {
        if (attempt === maxAttempts || !isPortTaken(error)) throw error
        this.#options.log.info('server: the port was taken in the meantime, so another one is tried')
      }
    }
  }

  async #prepare(): Promise<void> {
    const { cwd, stateDirectory } = this.#options
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
    const found = await stat(cwd).catch(() => undefined)
    if (!found?.isDirectory()) {
      throw new OpencodeError(
        'launch-failed',
        `The folder ${cwd} does not exist, so OpenCode cannot run in it.`,
      )
    }
    await this.#leftovers.reap()
  }

  async #launchOnce(binary: Binary, signal: AbortSignal): Promise<StartedServer> {
    const port = await (this.#options.choosePort ?? findFreePort)()
    const password = randomBytes(32).toString('base64url')
    const server = this.#spawn(binary, port, password)
    const record = this.#record(server, port)
    try {
      const actual = await server.channel.ready(this.#options.startTimeoutMs ?? defaultStartTimeoutMs, signal)
      await record.refresh()
      const endpoint = { url: `http://127.0.0.1:${actual}`, username, password }
      return { process: server, port: actual, endpoint, gone: record.gone }
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  #spawn(binary: Binary, port: number, password: string): SupervisedProcess {
    const { execPath, supervisorPath, stateDirectory, cwd, env, log, host = process.pid } = this.#options
    log.info(`server: starting ${binary.path} (${binary.version}) on port ${port}`)
    return new SupervisedProcess(
      { execPath, path: supervisorPath, cwd: stateDirectory, env, host },
      {
        command: binary.path,
        ...serveCommand(binary, port),
        cwd,
        env: serverEnvironment(env, { username, password }, binary.searchPath),
        password,
      },
      log,
    )
  }

  /**
   * Keeps the written record of a server from its spawn to its end. It is written once more when the server
   * is up, because a start script replaces its own command line.
   */
  #record(server: SupervisedProcess, port: number): RunningRecord {
    let name: string | undefined
    const write = async (): Promise<void> => {
      const [first, supervisor, owner] = await Promise.all([
        server.channel.spawned,
        server.supervisor,
        ownIdentity(),
      ])
      const details = first && (await describeProcess(first.pid))
      if (!details || details.startTime !== first.startTime || !owner) return
      name = await this.#leftovers.remember({ server: details, port, owner, supervisor }, name)
    }
    const enqueue = (step: () => Promise<void>): Promise<void> => {
      queue = queue.then(step).catch((error: unknown) => {
        this.#options.log.warn(`server: the record of the running server could not be kept: ${String(error)}`)
      })
      return queue
    }
    let queue = Promise.resolve()
    void enqueue(write)
    const forget = async (): Promise<void> => {
      if (name !== undefined) await this.#leftovers.forget(name)
    }
    return { refresh: () => enqueue(write), gone: server.channel.exited.then(() => enqueue(forget)) }
  }
}

/** 2.x ends by itself when its standard input closes, so that nothing is left of it if even its supervisor is killed. */
function serveCommand({ version }: Binary, port: number): Pick<ServerProgram, 'args' | 'holdsInput'> {
  const place = ['--hostname', '127.0.0.1', '--port', String(port)]
  return wireOf(version) === 2
    ? { args: ['serve', '--stdio', ...place], holdsInput: true }
    : { args: ['serve', ...place], holdsInput: false }
}

/** A server that is up, with the window's own grip on it. */
export interface StartedServer {
  readonly process: SupervisedProcess
  readonly port: number
  readonly endpoint: Endpoint
  /** Resolves when it has ended and its record is deleted. */
  readonly gone: Promise<void>
}

interface RunningRecord {
  refresh(): Promise<void>
  /** Resolves when the server has ended and its record is deleted. */
  readonly gone: Promise<void>
}

/** For a server that ends with this window. */
export function toPrivateHandle({ process: server, endpoint, gone }: StartedServer): ServerHandle {
  return {
    origin: 'managed',
    endpoint,
    exited: server.channel.exited,
    setFarewell: (requests) => server.channel.setFarewell(endpoint, requests),
    stop: async (intent) => {
      server.channel.setFarewell(endpoint, [])
      await server.stop(intent)
      await settlesWithin(gone, recordTimeoutMs)
    },
  }
}

async function ownIdentity(): Promise<ProcessIdentity | undefined> {
  const found = await describeProcess(process.pid)
  return found && { pid: found.pid, startTime: found.startTime }
}

/** OpenCode 1.x says no more than `ServeError` when it cannot listen. */
function isPortTaken(error: unknown): boolean {
  return (
    error instanceof LaunchError &&
    /ServeError|EADDRINUSE|address (?:is )?already in use|port .{0,20}in use/i.test(error.detail)
  )
}
