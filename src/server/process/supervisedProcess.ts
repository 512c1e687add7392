import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { ClientLog } from '../../client/connection.ts'
import { settlesWithin } from '../async.ts'
import { nodeEnvironment } from '../environment.ts'
import type { StopIntent } from '../launcher.ts'
import { readLines } from './lineReader.ts'
import { type ProcessDetails, describeProcess } from './processTable.ts'
import { killTree } from './processTree.ts'
import { SupervisorChannel } from './supervisorChannel.ts'

export interface SupervisorProgram {
  /** Node, or Electron, which is then told to be Node. */
  readonly execPath: string
  readonly path: string
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** What the window is counted by. */
  readonly host: number
}

export interface ServerProgram {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly password: string
  /** Gets an input that stays open as long as the supervisor lives; otherwise it gets none. */
  readonly holdsInput?: boolean
}

/** The supervisor kills after 1.5 s at the latest, and may have 2 s to send what other windows left to it. */
export const stopTimeoutMs = 3500
export const hardKillGraceMs = 200

/** One server process under a supervisor process that we made, from spawn to the end of both. */
export class SupervisedProcess {
  readonly channel: SupervisorChannel
  readonly #child: ChildProcessWithoutNullStreams
  readonly #log: ClientLog
  #server: ProcessDetails | undefined
  #supervisor: Promise<ProcessDetails | undefined> = Promise.resolve(undefined)
  #stopping: Promise<void> | undefined
  #isReleased = false

  constructor(supervisor: SupervisorProgram, server: ServerProgram, log: ClientLog) {
    this.#log = log
    this.#child = spawn(supervisor.execPath, [supervisor.path], {
      cwd: supervisor.cwd,
      env: nodeEnvironment(supervisor.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
    })
    const streams = { input: this.#child.stdout, output: this.#child.stdin }
    this.channel = new SupervisorChannel(streams, server.password, log)
    this.#listen()
    const { command, args, cwd, env, holdsInput = false } = server
    this.channel.send({ type: 'start', host: supervisor.host, command, args, cwd, env, holdsInput })
  }

  /** The supervisor process; undefined when it could not be started. Never rejects. */
  get supervisor(): Promise<ProcessDetails | undefined> {
    return this.#supervisor
  }

  /** Ends the server with its process tree, and the supervisor. Idempotent, never rejects. */
  stop(intent: StopIntent = 'stop'): Promise<void> {
    this.#stopping ??= this.#stopNow(intent)
    return this.#stopping
  }

  /** Leaves both to other windows, or to their time of grace. `exited` stays open. */
  release(): void {
    this.#isReleased = true
    this.channel.close()
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream.destroy()
    this.#child.unref()
  }

  async #stopNow(intent: StopIntent): Promise<void> {
    const { exited } = this.channel
    this.channel.send({ type: 'stop', intent })
    if (await settlesWithin(exited, stopTimeoutMs)) return
    this.#log.warn('server: the supervisor did not end in time, so it is killed')
    this.#child.kill('SIGKILL')
    await settlesWithin(exited, stopTimeoutMs)
  }

  #listen(): void {
    const child = this.#child
    readLines(child.stderr, (line) => this.channel.print('supervisor', line))
    void this.channel.spawned.then((server) => {
      this.#server = server
    })
    child.once('error', (error) => {
      this.channel.failToSpawn(`The supervisor could not be started: ${error.message}`)
      if (child.pid === undefined) void this.#finish()
    })
    child.once('close', () => void this.#finish())
    if (child.pid !== undefined) this.#supervisor = describeProcess(child.pid)
  }

  /** Runs when the supervisor is gone. If it went without a report, it was killed, and its work is left to us. */
  async #finish(): Promise<void> {
    if (this.#isReleased) return
    if (!this.channel.hasReport && this.#server) {
      this.#log.warn('server: the supervisor has ended unexpectedly, so its server is ended too')
      await killTree([this.#server], hardKillGraceMs)
    }
    this.channel.finish()
  }
}
