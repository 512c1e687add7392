const sampleLimit = 512
const rateSeconds = 10

/** Numbers of one server as this window sees it; it outlives the single connections. The only writer is the client. */
export class Metrics implements ClientMetrics {
  requests = 0
  errors = 0
  reconnects = 0
  events = 0
  bytesIn = 0
  bytesOut = 0
  readonly #requestMs = new Samples()
  readonly #lagMs = new Samples()
  readonly #rate = new Rate()

  get requestMs(): Spread | undefined {
    return this.#requestMs.spread
  }

  get lagMs(): Spread | undefined {
    return this.#lagMs.spread
  }

  get eventsPerSecond(): number {
    return this.#rate.perSecond(performance.now())
  }

  /** A request that was answered, after this time. */
  addRequestTime(ms: number): void {
    this.#requestMs.add(ms)
  }

  addEvent(): void {
    this.events++
    this.#rate.add(performance.now())
  }

  /** From the arrival of an event to its use. */
  addLag(ms: number): void {
    this.#lagMs.add(ms)
  }

  reset(): void {
    this.requests = this.errors = this.reconnects = this.events = this.bytesIn = this.bytesOut = 0
    this.#requestMs.clear()
    this.#lagMs.clear()
    this.#rate.clear()
  }
}

/** The newest few hundred values: adding costs one write, only looking costs a sort. */
class Samples {
  readonly #values = new Float64Array(sampleLimit)
  #count = 0

  add(value: number): void {
    this.#values[this.#count % sampleLimit] = value
    this.#count++
  }

  clear(): void {
    this.#count = 0
  }

  get spread(): Spread | undefined {
    const size = Math.min(this.#count, sampleLimit)
    if (size === 0) return undefined
    const sorted = this.#values.slice(0, size).sort()
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(size * share) - 1)] ?? 0
    return { p50: at(0.5), p95: at(0.95) }
  }
}

/** Counts by second, over the last ten of them. */
class Rate {
  readonly #counts = new Uint32Array(rateSeconds)
  #second = 0

  add(now: number): void {
    this.#advance(now)
    const slot = this.#second % rateSeconds
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1
  }

  perSecond(now: number): number {
    this.#advance(now)
    return this.#counts.reduce((sum, count) => sum + count, 0) / rateSeconds
  }

  clear(): void {
    this.#counts.fill(0)
  }

  #advance(now: number): void {
    const second = Math.floor(now / 1000)
    const passed = Math.min(second - this.#second, rateSeconds)
    for (let step = 0; step < passed; step++) this.#counts[(second - step) % rateSeconds] = 0
    this.#second = second
  }
}

/** Counted from the start of the window on, over all connections to a server. */
export interface ClientMetrics {
  readonly requests: number
  readonly errors: number
  readonly reconnects: number
  readonly events: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Of the last ten seconds. */
  readonly eventsPerSecond: number
  /** How long the latest requests took; undefined while there was none. Streams do not count. */
  readonly requestMs: Spread | undefined
  /** How long the latest events waited here until they were used. */
  readonly lagMs: Spread | undefined
}

/** Milliseconds that half of the values, and nearly all of them, stay within. */
export interface Spread {
  readonly p50: number
  readonly p95: number
}
