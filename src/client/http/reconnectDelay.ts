import { OpencodeError } from '../../opencode/errors.ts'
import { HttpStatusError } from './httpErrors.ts'

export interface DelayTiming {
  readonly firstMs: number
  readonly maxMs: number
  /** After refusals that time alone does not heal, such as a wrong password. */
  readonly refusedMs: number
  /** A connection that lasted this long was healthy: counting starts anew. */
  readonly healthyMs: number
}

export const defaultDelays: DelayTiming = { firstMs: 250, maxMs: 15_000, refusedMs: 60_000, healthyMs: 1_000 }

const refusals: ReadonlySet<string> = new Set([
  'unauthorized',
  'forbidden',
  'unsupported',
  'redirect-refused',
  'tls',
])

/** How long to wait before the next attempt: exponential with jitter, so that many windows do not come at once. */
export class ReconnectDelay {
  readonly #timing: DelayTiming
  readonly #random: () => number
  #attempt = 0

  constructor(timing: DelayTiming, random: () => number) {
    this.#timing = timing
    this.#random = random
  }

  /** `error` is undefined when the server ended a stream in order; `livedMs` is 0 when it never came up. */
  next(error: unknown, livedMs: number): number {
    const { firstMs, maxMs, refusedMs, healthyMs } = this.#timing
    if (livedMs >= healthyMs) {
      this.#attempt = 0
      if (error === undefined) return 0
    }
    const jitter = 0.5 + this.#random() / 2
    if (error instanceof OpencodeError && refusals.has(error.code)) return refusedMs * jitter
    const delay = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attempt, 30)) * jitter
    this.#attempt++
    const asked = error instanceof HttpStatusError ? (error.retryAfterMs ?? 0) : 0
    return Math.max(delay, asked)
  }
}
