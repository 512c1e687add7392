import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { readLines } from '../lineReader.ts'
import { type ProcessIdentity, describeProcess } from '../processTable.ts'
import { descendantsOf, killTree } from '../processTree.ts'
import { sendFarewell } from './farewell.ts'
import { type FromSupervisor, type ToSupervisor, maxMessageLength } from './messages.ts'

type StartMessage = Extract<ToSupervisor, { type: 'start' }>
type FarewellMessage = Extract<ToSupervisor, { type: 'farewell' }>

/** Together with the farewell (2 s at most) the server is gone within 5 s after the host. */
const graceMs = 1500
const sampleMs = 1000
/** What the server printed last may still be on its way through the pipes when it is dead. */
const drainMs = 50

/**
 * Stands between the extension host and one server, in a process of its own. Its standard input is the
 * lifeline: when the host goes away, however it does, the pipe closes and the server is ended in good order
 * (a server that only gets a signal leaves its running tools behind).
 */
export class Supervisor {
  readonly #output: Writable
  readonly #quit: () => void
  #server: ChildProcess | undefined
  #identity: Promise<ProcessIdentity | undefined> = Promise.resolve(undefined)
  #tools: readonly ProcessIdentity[] = []
  #farewell: FarewellMessage | undefined
  #isEnding = false

  constructor(input: Readable, output: Writable, quit: () => void) {
    this.#output = output
    this.#quit = quit
    output.on('error', () => undefined)
    readLines(input, (line) => this.#receive(line), {
      onEnd: () => void this.end(true),
      maxLength: maxMessageLength,
    })
  }

  /** Ends the server and everything it started, reports, and quits. The second call does nothing. */
  async end(withFarewell: boolean): Promise<void> {
    if (this.#isEnding) return
    this.#isEnding = true
    const identity = await this.#identity
    if (identity && withFarewell && this.#farewell) await sendFarewell(this.#farewell)
    if (identity) await killTree([identity, ...this.#tools], graceMs)
    await this.#report()
  }

  #receive(line: string): void {
    const message = JSON.parse(line) as ToSupervisor
    if (message.type === 'start') this.#start(message)
    else if (message.type === 'farewell') this.#farewell = message
    else void this.end(false)
  }

  #start(message: StartMessage): void {
    if (this.#server || this.#isEnding) return
    const child = spawn(message.command, [...message.args], {
      cwd: message.cwd,
      env: message.env,
      // The server gets no input: neither our lifeline nor any other descriptor of ours is passed on.
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    this.#server = child
    for (const stream of ['stdout', 'stderr'] as const) {
      readLines(child[stream], (text) => this.#tell({ type: 'line', stream, text }))
    }
    child.once('error', (error: NodeJS.ErrnoException) => void this.#failToSpawn(error))
    child.once('exit', () => void this.#afterCrash())
    if (child.pid !== undefined) this.#identity = this.#identify(child.pid)
  }

  async #identify(pid: number): Promise<ProcessIdentity | undefined> {
    const found = await describeProcess(pid)
    if (!found) return undefined
    this.#tell({ type: 'spawned', ...found })
    const identity = { pid, startTime: found.startTime }
    // Elsewhere each look would cost a program run; there only the tree at the time of the stop counts.
    if (process.platform === 'linux') setInterval(() => void this.#sample(identity), sampleMs).unref()
    return identity
  }

  /** Keeps in mind which tools run, to be able to end them when the server crashes and leaves them behind. */
  async #sample(server: ProcessIdentity): Promise<void> {
    const tools = this.#isEnding ? [] : await descendantsOf(server)
    // An empty answer may also mean that the server has just died: what was known before is what counts then.
    if (tools.length > 0) this.#tools = tools
  }

  async #failToSpawn(error: NodeJS.ErrnoException): Promise<void> {
    if (this.#server?.pid !== undefined || this.#isEnding) return
    this.#isEnding = true
    this.#tell({ type: 'spawn-failed', reason: error.code ?? error.message })
    await this.#report()
  }

  async #afterCrash(): Promise<void> {
    if (this.#isEnding) return
    this.#isEnding = true
    const identity = await this.#identity
    if (identity) await killTree([identity, ...this.#tools], 0)
    await this.#report()
  }

  async #report(): Promise<void> {
    await sleep(drainMs)
    this.#tell({
      type: 'exit',
      code: this.#server?.exitCode ?? null,
      signal: this.#server?.signalCode ?? null,
    })
    this.#output.write('', () => this.#quit())
  }

  #tell(message: FromSupervisor): void {
    this.#output.write(`${JSON.stringify(message)}\n`)
  }
}
