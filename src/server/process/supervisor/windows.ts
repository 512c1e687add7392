import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { readLines } from '../lineReader.ts'
import { type FromSupervisor, type ToSupervisor, maxMessageLength } from './messages.ts'

const lastWordsMs = 500

export interface WindowsOptions {
  readonly receive: (message: ToSupervisor, from: Writable) => void
  /** Called when no window has been there for the time of grace. */
  readonly onAbandoned: () => void
}

/**
 * The windows that use the server. Each holds one end of a pipe or socket; when a window goes away, however
 * it does, its end closes.
 */
export class Windows {
  readonly #options: WindowsOptions
  /** Each with its extension host, where that is known. */
  readonly #all = new Map<Writable, number | undefined>()
  #grace: NodeJS.Timeout | undefined
  /** How long to wait for another window after the last one has gone without a word. */
  graceMs = 0
  #expectedMs = 0

  constructor(options: WindowsOptions) {
    this.#options = options
  }

  /** Reads the messages of one more window until it goes. */
  add(input: Readable, output: Writable, host?: number): void {
    output.on('error', () => undefined)
    readLines(input, (line) => this.#read(line, output), {
      onEnd: () => this.#remove(output),
      maxLength: maxMessageLength,
    })
    clearTimeout(this.#grace)
    this.#expectedMs = 0
    this.identify(output, host)
  }

  identify(output: Writable, host: number | undefined): void {
    this.#all.set(output, host)
    this.#tellCount()
  }

  /** A window that leaves may be back within this time. */
  expect(graceMs: number): void {
    this.#expectedMs = Math.max(this.#expectedMs, graceMs)
  }

  tell(message: FromSupervisor): void {
    for (const output of this.#all.keys()) write(output, message)
  }

  /** Resolves when the message is on its way to all windows, or cannot be brought there. */
  async tellLast(message: FromSupervisor): Promise<void> {
    const told = [...this.#all.keys()].map(
      (output) => new Promise<void>((resolve) => write(output, message, resolve)),
    )
    await Promise.race([Promise.all(told), sleep(lastWordsMs)])
  }

  #read(line: string, from: Writable): void {
    const message = parse(line)
    if (message) this.#options.receive(message, from)
  }

  #remove(output: Writable): void {
    if (!this.#all.delete(output)) return
    output.end()
    this.#tellCount()
    if (this.#all.size > 0) return
    const graceMs = Math.max(this.graceMs, this.#expectedMs)
    if (graceMs === 0) this.#options.onAbandoned()
    else this.#grace = setTimeout(this.#options.onAbandoned, graceMs)
  }

  #tellCount(): void {
    this.tell({ type: 'windows', count: new Set(this.#all.values()).size })
  }
}

/** Writes to one window only. */
export function write(output: Writable, message: FromSupervisor, onDone: () => void = noop): void {
  if (output.writable) output.write(`${JSON.stringify(message)}\n`, onDone)
  else onDone()
}

/** A line that was cut off when its window died is no message. */
function parse(line: string): ToSupervisor | undefined {
  try {
    return JSON.parse(line) as ToSupervisor
  } catch {
    return undefined
  }
}

function noop(): void {
  return undefined
}
