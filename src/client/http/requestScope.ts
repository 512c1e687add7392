import { OpencodeError } from '../../opencode/errors.ts'

/**
 * One signal for one request, out of several signals and a deadline. Unlike `AbortSignal.any` it takes its
 * listeners away when the request ends, so a signal that lives as long as the connection does not collect them.
 */
export class RequestScope {
  readonly #controller = new AbortController()
  readonly #sources: readonly AbortSignal[]
  readonly #origin: string
  readonly #onAbort = (): void => this.#controller.abort()
  #timer: NodeJS.Timeout | undefined
  #isLate = false

  constructor(sources: readonly (AbortSignal | undefined)[], timeoutMs: number, origin: string) {
    this.#sources = sources.filter((source) => source !== undefined)
    this.#origin = origin
    for (const source of this.#sources) {
      if (source.aborted) this.#controller.abort()
      source.addEventListener('abort', this.#onAbort)
    }
    this.#timer = setTimeout(() => this.#expire(), timeoutMs)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why the request ended, when it was us who ended it. */
  explain(error: unknown): OpencodeError | undefined {
    if (error instanceof OpencodeError) return error
    if (this.#sources.some((source) => source.aborted)) return new OpencodeError('aborted', 'Cancelled.')
    if (!this.#isLate) return undefined
    return new OpencodeError('timeout', `The OpenCode server at ${this.#origin} did not answer in time.`)
  }

  stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  end(): void {
    this.stopTimer()
    for (const source of this.#sources) source.removeEventListener('abort', this.#onAbort)
  }

  #expire(): void {
    this.#isLate = true
    this.#controller.abort()
  }
}
