import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StopIntent } from '../../launcher.ts'
import { readLines } from '../lineReader.ts'
import { type ProcessIdentity, describeProcess } from '../processTable.ts'
import { descendantsOf, killTree } from '../processTree.ts'
import { type Door, type Visitor, openDoor } from './door.ts'
import { Farewell } from './farewell.ts'
import type { FromSupervisor, ShareOffer, ToSupervisor } from './messages.ts'
import { Windows, write } from './windows.ts'

type StartMessage = Extract<ToSupervisor, { type: 'start' }>
type Line = Extract<FromSupervisor, { type: 'line' }>

/** Together with the farewell (2 s at most) the server is gone within 5 s after it was abandoned. */
const killGraceMs = 1500
const sampleMs = 1000
const recentLimit = 40
/** What the server printed last may still be on its way through the pipes when it is dead. */
const drainMs = 50

export interface SupervisorEnd {
  readonly withFarewell: boolean
  readonly intent?: StopIntent
}

/**
 * Stands between the windows and one server, in a process of its own. Its standard input is the lifeline of the
 * window that made it: when that window goes away, however it does, the pipe closes. Further windows hold a
 * local socket instead. When no window is left, the server is ended in good order (a server that only gets a
 * signal leaves its running tools behind).
 */
export class Supervisor {
  readonly #windows: Windows
  readonly #quit: () => void
  readonly #farewell = new Farewell()
  #server: ChildProcess | undefined
  #identity: Promise<ProcessIdentity | undefined> = Promise.resolve(undefined)
  #tools: readonly ProcessIdentity[] = []
  #door: Promise<Door | undefined> = Promise.resolve(undefined)
  /** What the server printed last, for windows that come later. */
  readonly #recent: Line[] = []
  #isEnding = false
  #intent: StopIntent | undefined

  constructor(quit: () => void) {
    this.#quit = quit
    this.#windows = new Windows({
      receive: (message, from) => this.#receive(message, from),
      onAbandoned: () => void this.end({ withFarewell: true }),
    })
  }

  /** Serves the window at the other end of these streams. */
  attach(input: Readable, output: Writable, host?: number): void {
    this.#windows.add(input, output, host)
  }

  /** Ends the server and everything it started, reports, and quits. The second call does nothing. */
  async end({ withFarewell, intent }: SupervisorEnd): Promise<void> {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#intent = intent
    const identity = await this.#identity
    if (identity && withFarewell) await this.#farewell.send()
    if (identity) await killTree([identity, ...this.#tools], killGraceMs)
    await this.#report()
  }

  #receive(message: ToSupervisor, from: Writable): void {
    if (message.type === 'start') {
      this.#windows.identify(from, message.host)
      this.#start(message)
    }
    if (message.type === 'share') void this.#share(message.offer, from)
    else if (message.type === 'leave') this.#windows.expect(message.graceMs)
    else if (message.type === 'farewell') this.#farewell.change(message)
    // Whoever orders the end has said farewell itself, but only for what it knows of.
    else if (message.type === 'stop') void this.end({ withFarewell: true, intent: message.intent })
  }

  async #share(offer: ShareOffer, asker: Writable): Promise<void> {
    if (this.#isEnding) {
      write(asker, { type: 'shared', reason: 'The server is ending.' })
      return
    }
    const opening = openDoor(offer, (visitor) => this.#welcome(visitor, offer.password))
    this.#door = opening.catch(() => undefined)
    try {
      await opening
      this.#windows.graceMs = offer.graceMs
      write(asker, { type: 'shared' })
    } catch (error) {
      write(asker, { type: 'shared', reason: error instanceof Error ? error.message : String(error) })
    }
  }

  /** Too late means: it comes to an end now, and the visitor had better wait for that. */
  #welcome({ socket, host, wantsPassword }: Visitor, password: string): void {
    if (this.#isEnding) {
      write(socket, { type: 'ending' })
      socket.end()
      return
    }
    write(socket, { type: 'welcome', ...(wantsPassword ? { password } : {}) })
    for (const line of this.#recent) write(socket, line)
    this.attach(socket, socket, host)
  }

  #start(message: StartMessage): void {
    if (this.#server || this.#isEnding) return
    const child = spawn(message.command, [...message.args], {
      cwd: message.cwd,
      env: message.env,
      // Neither our lifeline nor any other descriptor of ours is passed on.
      stdio: [message.holdsInput === true ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    this.#server = child
    child.stdin?.on('error', () => undefined)
    for (const stream of ['stdout', 'stderr'] as const) {
      const output = child[stream]
      if (output) readLines(output, (text) => this.#pass({ type: 'line', stream, text }))
    }
    child.once('error', (error: NodeJS.ErrnoException) => void this.#failToSpawn(error))
    child.once('exit', () => void this.#afterCrash())
    if (child.pid !== undefined) this.#identity = this.#identify(child.pid)
  }

  #pass(line: Line): void {
    this.#recent.push(line)
    if (this.#recent.length > recentLimit) this.#recent.shift()
    this.#windows.tell(line)
  }

  async #identify(pid: number): Promise<ProcessIdentity | undefined> {
    const found = await describeProcess(pid)
    if (!found) return undefined
    this.#windows.tell({ type: 'spawned', ...found })
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
    this.#windows.tell({ type: 'spawn-failed', reason: error.code ?? error.message })
    await this.#report()
  }

  async #afterCrash(): Promise<void> {
    if (this.#isEnding) return
    this.#isEnding = true
    const identity = await this.#identity
    if (identity) await killTree([identity, ...this.#tools], 0)
    await this.#report()
  }

  /** The lease goes last, so that whoever finds none starts a server on data that no other is just leaving. */
  async #report(): Promise<void> {
    await sleep(drainMs)
    await (await this.#door)?.close()
    await this.#windows.tellLast({
      type: 'exit',
      code: this.#server?.exitCode ?? null,
      signal: this.#server?.signalCode ?? null,
      ...(this.#intent === undefined ? {} : { intent: this.#intent }),
    })
    this.#quit()
  }
}
