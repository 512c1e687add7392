import { OpencodeError } from '../../opencode/errors.ts'

export interface SilenceTiming {
  readonly silenceMs: number
  readonly graceMs: number
}

/**
 * Notices a stream that is dead without saying so (a lost network, a sleeping laptop). After `silenceMs`
 * without a byte it pings: a server that does not answer is gone; one that does gets `graceMs` more to send
 * a heartbeat, because a server busy with one huge request misses heartbeats and then goes on.
 */
export class SilenceWatch {
  readonly #timing: SilenceTiming
  readonly #ping: (signal: AbortSignal) => Promise<void>
  readonly #onDead: () => void
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #lastByte = 0
  #verdict: OpencodeError | undefined

  constructor(timing: SilenceTiming, ping: (signal: AbortSignal) => Promise<void>, onDead: () => void) {
    this.#timing = timing
    this.#ping = ping
    this.#onDead = onDead
  }

  /** Why the stream was declared dead, if it was. */
  get verdict(): OpencodeError | undefined {
    return this.#verdict
  }

  start(): void {
    this.heard()
    this.#sleep(this.#timing.silenceMs)
  }

  /** Called for each chunk, so it must cost next to nothing. */
  heard(): void {
    this.#lastByte = performance.now()
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#stop.abort()
  }

  #sleep(ms: number): void {
    if (this.#stop.signal.aborted) return
    this.#timer = setTimeout(() => this.#look(), ms)
  }

  #look(): void {
    const left = this.#timing.silenceMs - this.#silence()
    if (left > 0) return this.#sleep(left + 1)
    void this.#examine()
  }

  async #examine(): Promise<void> {
    const before = this.#lastByte
    try {
      await this.#ping(this.#stop.signal)
    } catch (error) {
      if (this.#lastByte === before) this.#declareDead(error)
      else this.#sleep(this.#timing.silenceMs)
      return
    }
    if (this.#stop.signal.aborted) return
    this.#timer = setTimeout(() => {
      if (this.#lastByte === before) this.#declareDead(undefined)
      else this.#look()
    }, this.#timing.graceMs)
  }

  #declareDead(cause: unknown): void {
    if (this.#stop.signal.aborted) return
    this.#verdict =
      cause instanceof OpencodeError
        ? cause
        : new OpencodeError('timeout', 'The event stream fell silent although the server answers.')
    this.#onDead()
  }

  #silence(): number {
    return performance.now() - this.#lastByte
  }
}
