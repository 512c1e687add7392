import type { Disposable } from '../../util/lifecycle.ts'

export interface BatcherOptions<Action> {
  readonly deliver: (actions: readonly Action[]) => void
  /** Makes a shorter list with the same effect. */
  readonly coalesce: (actions: readonly Action[]) => readonly Action[]
  readonly frameMs?: number
  /** How much a paused batcher holds before it gives up and asks for a snapshot. */
  readonly pausedLimit?: number
}

const frameMs = 16
const pausedLimit = 2_000

/**
 * Collects actions and hands out one short list per frame. The first action after a quiet time goes out
 * at once, so a single event is never late. Pause it while nobody looks.
 */
export class EventBatcher<Action> implements Disposable {
  readonly #options: BatcherOptions<Action>
  #waiting: Action[] = []
  #timer: NodeJS.Timeout | undefined
  #lastDelivery = -Infinity
  #isPaused = false
  #hasOverflown = false
  #isDisposed = false

  constructor(options: BatcherOptions<Action>) {
    this.#options = options
  }

  push(actions: readonly Action[]): void {
    if (this.#isDisposed || this.#hasOverflown || actions.length === 0) return
    for (const action of actions) this.#waiting.push(action)
    if (this.#isPaused) this.#boundPaused()
    else this.#schedule()
  }

  /** Hands out what waits now; does nothing while paused. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isPaused || this.#waiting.length === 0) return
    const actions = this.#options.coalesce(this.#waiting)
    this.#waiting = []
    this.#lastDelivery = performance.now()
    this.#options.deliver(actions)
  }

  /** Forgets what waits; for when a snapshot has just been taken that holds it already. */
  clear(): void {
    this.#waiting = []
    this.#hasOverflown = false
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  pause(): void {
    this.#isPaused = true
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Goes on. False when too much came in between: the receiver needs a snapshot then. */
  resume(): boolean {
    this.#isPaused = false
    const isComplete = !this.#hasOverflown
    this.#hasOverflown = false
    this.flush()
    return isComplete
  }

  dispose(): void {
    this.#isDisposed = true
    this.clear()
  }

  #schedule(): void {
    if (this.#timer) return
    const due = this.#lastDelivery + (this.#options.frameMs ?? frameMs)
    this.#timer = setTimeout(() => this.flush(), Math.max(0, due - performance.now()))
  }

  #boundPaused(): void {
    const limit = this.#options.pausedLimit ?? pausedLimit
    if (this.#waiting.length <= limit) return
    this.#waiting = [...this.#options.coalesce(this.#waiting)]
    if (this.#waiting.length <= limit / 2) return
    this.#waiting = []
    this.#hasOverflown = true
  }
}
