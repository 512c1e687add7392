/**
 * Unbounded hand-over from one writer to one reader: the writer never waits, the reader takes all there is
 * in one go, so thousands of events cost one wake-up.
 */
export class EventQueue<T> {
  #items: T[] = []
  #wake: (() => void) | undefined
  #hasEnded = false
  #oldestAt = 0
  #waitedMs = 0

  get length(): number {
    return this.#items.length
  }

  push(item: T): void {
    if (this.#hasEnded) return
    if (this.#items.length === 0) this.#oldestAt = performance.now()
    this.#items.push(item)
    this.#signal()
  }

  /** How long the oldest item of what was taken last had been waiting, in ms. */
  get waitedMs(): number {
    return this.#waitedMs
  }

  clear(): void {
    this.#items = []
  }

  /** What was pushed before is still handed out. */
  end(): void {
    this.#hasEnded = true
    this.#signal()
  }

  /** All that waits, at least one item; undefined after the end. */
  async take(): Promise<readonly T[] | undefined> {
    while (this.#items.length === 0) {
      if (this.#hasEnded) return undefined
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const items = this.#items
    this.#items = []
    this.#waitedMs = performance.now() - this.#oldestAt
    return items
  }

  #signal(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
