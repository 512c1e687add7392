import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientLog, Endpoint, FarewellRequest } from '../../client/connection.ts'
import { isLoopbackHost } from '../../client/endpoint.ts'
import { deferred } from '../../util/async.ts'
import { Emitter, type Event } from '../../util/event.ts'
import { LaunchError, abortedError } from '../launchError.ts'
import type { ServerExit } from '../launcher.ts'
import { describeExit } from '../exitError.ts'
import { readLines } from './lineReader.ts'
import { OutputTail } from './outputTail.ts'
import { type ProcessDetails } from './processTable.ts'
import {
  type FromSupervisor,
  type ShareOffer,
  type ToSupervisor,
  maxMessageLength,
} from './supervisor/messages.ts'

export interface ChannelStreams {
  readonly input: Readable
  readonly output: Writable
}

export type Greeting = Extract<FromSupervisor, { type: 'welcome' | 'ending' }>

const shareTimeoutMs = 10_000
const readyLine = /\bserver listening on (https?:\/\/\S+)/i
const readyJson = /^\s*\{.*?"url"\s*:\s*"(https?:\/\/[^"\s]+)"/

/**
 * One window's end of the talk with a supervisor, over the pipes of the child that it made or over a local socket.
 * It is the window's share in the server: while it is open, the server is kept.
 */
export class SupervisorChannel {
  readonly #output: Writable
  readonly #log: ClientLog
  #tail: OutputTail
  readonly #exited = deferred<ServerExit>()
  readonly #ready = deferred<number>()
  readonly #spawned = deferred<ProcessDetails | undefined>()
  readonly #shared = deferred<string | undefined>()
  readonly #greeting = deferred<Greeting>()
  readonly #onDidChangeWindows = new Emitter<number>()
  #windows = 1
  #farewell: readonly FarewellRequest[] = []
  #exit: Extract<FromSupervisor, { type: 'exit' }> | undefined
  #spawnFailure: string | undefined

  constructor({ input, output }: ChannelStreams, password: string, log: ClientLog) {
    this.#output = output
    this.#log = log
    this.#tail = new OutputTail([password])
    output.on('error', () => undefined)
    readLines(input, (line) => this.#receive(line), { maxLength: maxMessageLength })
  }

  /** Resolves once, when the server and all it started are gone. Never rejects. */
  readonly exited: Promise<ServerExit> = this.#exited.promise
  /** The server process; undefined when it could not be started. Never rejects. */
  readonly spawned: Promise<ProcessDetails | undefined> = this.#spawned.promise
  readonly greeting: Promise<Greeting> = this.#greeting.promise
  readonly onDidChangeWindows: Event<number> = this.#onDidChangeWindows.event

  /** How many windows use the server, this one included. */
  get windows(): number {
    return this.#windows
  }

  /** Whether the supervisor said how it ended; otherwise it was killed, or we have left. */
  get hasReport(): boolean {
    return this.#exit !== undefined
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
        this.exited.then((exit) => this.#failStart(exit)),
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

  /** Lets other windows use the server; resolves with the reason why they cannot, if so. Never rejects. */
  share(offer: ShareOffer): Promise<string | undefined> {
    this.send({ type: 'share', offer })
    const ended = this.exited.then(() => 'It has ended.')
    const late = sleep(shareTimeoutMs, 'The supervisor does not answer.', { ref: false })
    return Promise.race([this.#shared.promise, ended, late])
  }

  /** What is to be sent to the server at its end; what this window does not name any more is dropped for all. */
  setFarewell({ url, username, password }: Endpoint, requests: readonly FarewellRequest[]): void {
    const dropped = this.#farewell.filter((item) => !requests.some((other) => isSame(item, other)))
    this.#farewell = requests
    this.send({ type: 'farewell', url, username, password, requests, dropped })
  }

  send(message: ToSupervisor): void {
    if (this.#output.writable) this.#output.write(`${JSON.stringify(message)}\n`)
  }

  /** Closes our end. The server goes on while others use it, and for its time of grace. */
  close(): void {
    this.#output.end()
    this.#onDidChangeWindows.dispose()
  }

  failToSpawn(reason: string): void {
    this.#spawnFailure ??= reason
  }

  /** To be called when the other end is closed and nothing of the server runs any more. */
  finish(): void {
    this.#spawned.resolve(undefined)
    const { code, signal, intent } = this.#exit ?? { code: null, signal: null }
    this.#exited.resolve({ code, signal, tail: this.#tail.toString(), ...(intent ? { intent } : {}) })
  }

  /** Something of the supervisor itself or of its server. */
  print(source: string, text: string): void {
    const line = this.#tail.push(text)
    if (line === undefined) return
    if (this.#log.output) this.#log.output(line)
    else this.#log.debug(`server: ${source}: ${line}`)
  }

  #receive(line: string): void {
    const message = parseMessage(line)
    switch (message?.type) {
      case 'line':
        return this.#read(message.stream, message.text)
      case 'spawned': {
        const { pid, startTime, commandLine } = message
        return this.#spawned.resolve({ pid, startTime, commandLine })
      }
      case 'spawn-failed':
        return this.failToSpawn(message.reason)
      case 'shared':
        return this.#shared.resolve(message.reason)
      case 'welcome':
        // What the server prints comes next.
        if (message.password !== undefined) this.#tail = new OutputTail([message.password])
        return this.#greeting.resolve(message)
      case 'ending':
        return this.#greeting.resolve(message)
      case 'windows':
        return this.#count(message.count)
      case 'exit':
        this.#exit = message
        return undefined
      default:
        return undefined
    }
  }

  #count(windows: number): void {
    if (windows === this.#windows) return
    this.#windows = windows
    this.#onDidChangeWindows.fire(windows)
  }

  #read(stream: string, text: string): void {
    this.print(stream, text)
    const port = stream === 'stdout' ? portOfReadyLine(text) : undefined
    if (port !== undefined) this.#ready.resolve(port)
  }

  #failStart(exit: ServerExit): never {
    const how = this.#spawnFailure ?? describeExit(exit)
    const message = `The OpenCode server could not start (${how}). Its last words are in the log.`
    throw new LaunchError('launch-failed', message, { detail: exit.tail })
  }

  #failTimeout(timeoutMs: number): never {
    const seconds = Math.round(timeoutMs / 1000)
    throw new LaunchError(
      'timeout',
      `The OpenCode server did not get ready within ${seconds} seconds. Its last words are in the log; try again.`,
      { detail: this.#tail.toString() },
    )
  }
}

/**
 * Reads the start-up line of OpenCode 1.x (`opencode server listening on …`) and of 2.x (`server listening on …`, or
 * `{"url": …}` when it was started with --stdio).
 */
export function portOfReadyLine(line: string): number | undefined {
  const text = readyLine.exec(line)?.[1] ?? readyJson.exec(line)?.[1]
  if (text === undefined || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return isLoopbackHost(url.hostname) && url.port !== '' ? Number(url.port) : undefined
}

function isSame(a: FarewellRequest, b: FarewellRequest): boolean {
  return a.method === b.method && a.path === b.path
}

function parseMessage(line: string): FromSupervisor | undefined {
  try {
    return JSON.parse(line) as FromSupervisor
  } catch {
    return undefined
  }
}
