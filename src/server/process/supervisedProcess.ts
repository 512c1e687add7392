import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientLog, Endpoint, FarewellRequest } from '../../client/connection.ts'
import { isLoopbackHost } from '../../client/endpoint.ts'
import { deferred } from '../../util/async.ts'
import { settlesWithin } from '../async.ts'
import { nodeEnvironment } from '../environment.ts'
import { LaunchError, abortedError } from '../launchError.ts'
import type { ServerExit } from '../launcher.ts'
import { readLines } from './lineReader.ts'
import { OutputTail } from './outputTail.ts'
import { type ProcessDetails, type ProcessIdentity, describeProcess } from './processTable.ts'
import { killTree } from './processTree.ts'
import { type FromSupervisor, type ToSupervisor, maxMessageLength } from './supervisor/messages.ts'

export interface SupervisorProgram {
  /** Node, or Electron, which is then told to be Node. */
  readonly execPath: string
  readonly path: string
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

export interface ServerProgram {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly password: string
}

/** The supervisor kills after 1.5 s at the latest. */
const stopTimeoutMs = 3500
const hardKillGraceMs = 200
const readyLine = /\bserver listening on (https?:\/\/\S+)/i

/** One server process under one supervisor process, from spawn to the end of both. */
export class SupervisedProcess {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #log: ClientLog
  readonly #tail: OutputTail
  readonly #exited = deferred<ServerExit>()
  readonly #ready = deferred<number>()
  readonly #spawned = deferred<ProcessDetails | undefined>()
  #server: ProcessDetails | undefined
  #supervisor: Promise<ProcessIdentity | undefined> = Promise.resolve(undefined)
  #exit: Pick<ServerExit, 'code' | 'signal'> | undefined
  #spawnFailure: string | undefined
  #stopping: Promise<void> | undefined

  constructor(supervisor: SupervisorProgram, server: ServerProgram, log: ClientLog) {
    this.#log = log
    this.#tail = new OutputTail([server.password])
    this.#child = spawn(supervisor.execPath, [supervisor.path], {
      cwd: supervisor.cwd,
      env: nodeEnvironment(supervisor.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
    })
    this.#listen()
    const { command, args, cwd, env } = server
    this.#send({ type: 'start', command, args, cwd, env })
  }

  /** Resolves once, when the server and all it started are gone. Never rejects. */
  get exited(): Promise<ServerExit> {
    return this.#exited.promise
  }

  /** The server process; undefined when it could not be started. Never rejects. */
  get spawned(): Promise<ProcessDetails | undefined> {
    return this.#spawned.promise
  }

  /** The supervisor process; undefined when it could not be started. Never rejects. */
  get supervisor(): Promise<ProcessIdentity | undefined> {
    return this.#supervisor
  }

  /**
   * Resolves with the port when the server has printed that it listens.
   * @throws OpencodeError `launch-failed` when it ends before, `timeout`, `aborted`. It is not stopped here.
   */
  async ready(timeoutMs: number, signal: AbortSignal): Promise<number> {
    const timer = new AbortController()
    try {
      return await Promise.race([
        this.#ready.promise,
        this.#exited.promise.then((exit) => this.#failStart(exit)),
        sleep(timeoutMs, undefined, { signal: AbortSignal.any([timer.signal, signal]) }).then(
          () => this.#failTimeout(timeoutMs),
          () => {
            throw abortedError()
          },
        ),
      ])
    } finally {
      timer.abort()
    }
  }

  setFarewell(endpoint: Endpoint, requests: readonly FarewellRequest[]): void {
    const { url, username, password } = endpoint
    this.#send({ type: 'farewell', url, username, password, requests })
  }

  /** Ends the server with its process tree, and the supervisor. Idempotent, never rejects. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopNow()
    return this.#stopping
  }

  async #stopNow(): Promise<void> {
    this.#send({ type: 'stop' })
    this.#child.stdin.end()
    if (await settlesWithin(this.exited, stopTimeoutMs)) return
    this.#log.warn('server: the supervisor did not end in time, so it is killed')
    this.#child.kill('SIGKILL')
    await settlesWithin(this.exited, stopTimeoutMs)
  }

  #listen(): void {
    const child = this.#child
    child.stdin.on('error', () => undefined)
    readLines(child.stdout, (line) => this.#receive(line), { maxLength: maxMessageLength })
    readLines(child.stderr, (line) => this.#print('supervisor', line))
    child.once('error', (error) => {
      this.#spawnFailure ??= `The supervisor could not be started: ${error.message}`
      if (child.pid === undefined) void this.#finish()
    })
    child.once('close', () => void this.#finish())
    if (child.pid !== undefined) this.#supervisor = describeProcess(child.pid)
  }

  #receive(line: string): void {
    const message = parseMessage(line)
    if (message?.type === 'line') this.#read(message.stream, message.text)
    else if (message?.type === 'spawned') this.#setServer(message)
    else if (message?.type === 'spawn-failed') this.#spawnFailure = message.reason
    else if (message?.type === 'exit') this.#exit = message
  }

  #setServer({ pid, startTime, commandLine }: ProcessDetails): void {
    this.#server = { pid, startTime, commandLine }
    this.#spawned.resolve(this.#server)
  }

  #read(stream: string, text: string): void {
    this.#print(stream, text)
    const port = stream === 'stdout' ? portOfReadyLine(text) : undefined
    if (port !== undefined) this.#ready.resolve(port)
  }

  #print(stream: string, text: string): void {
    const line = this.#tail.push(text)
    if (line !== undefined) this.#log.debug(`server: ${stream}: ${line}`)
  }

  /** Runs when the supervisor is gone. If it went without a report, it was killed, and its work is left to us. */
  async #finish(): Promise<void> {
    if (!this.#exit && this.#server) {
      this.#log.warn('server: the supervisor has ended unexpectedly, so its server is ended too')
      await killTree([this.#server], hardKillGraceMs)
    }
    this.#spawned.resolve(undefined)
    this.#exited.resolve({
      code: this.#exit?.code ?? null,
      signal: this.#exit?.signal ?? null,
      tail: this.#tail.toString(),
    })
  }

  #failStart(exit: ServerExit): never {
    const how = this.#spawnFailure ?? describeExit(exit)
    throw new LaunchError(
      'launch-failed',
      `The OpenCode server could not start (${how}). Its last words are in the log.`,
      {
        detail: exit.tail,
      },
    )
  }

  #failTimeout(timeoutMs: number): never {
    const seconds = Math.round(timeoutMs / 1000)
    throw new LaunchError(
      'timeout',
      `The OpenCode server did not get ready within ${seconds} seconds. Its last words are in the log; try again.`,
      { detail: this.#tail.toString() },
    )
  }

  #send(message: ToSupervisor): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(`${JSON.stringify(message)}\n`)
  }
}

/** How a process ended, for a sentence. */
export function describeExit(exit: Pick<ServerExit, 'code' | 'signal'>): string {
  if (exit.signal !== null) return `ended by ${exit.signal}`
  return exit.code === null ? 'ended unexpectedly' : `exit code ${exit.code}`
}

/** Reads the start-up line of OpenCode 1.x (`opencode server listening on …`) and 2.x (`server listening on …`). */
export function portOfReadyLine(line: string): number | undefined {
  const text = readyLine.exec(line)?.[1]
  if (text === undefined || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return isLoopbackHost(url.hostname) && url.port !== '' ? Number(url.port) : undefined
}

function parseMessage(line: string): FromSupervisor | undefined {
  try {
    return JSON.parse(line) as FromSupervisor
  } catch {
    return undefined
  }
}
