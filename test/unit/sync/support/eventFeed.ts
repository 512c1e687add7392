import type { ServerEvent } from '../../../../src/client/connection.ts'

/** An async queue of events that ends with its signal. */
export class EventFeed {
  #waiting: ServerEvent[] = []
  #wake: (() => void) | undefined

  push(event: ServerEvent): void {
    this.#waiting.push(event)
    this.#wake?.()
  }

  /** What was not read yet is lost, as it is when a socket breaks. */
  lose(): void {
    this.#waiting = []
  }

  async *read(signal: AbortSignal): AsyncIterable<ServerEvent> {
    signal.addEventListener('abort', () => this.#wake?.())
    while (!signal.aborted) {
      const event = this.#waiting.shift()
      if (event) {
        yield event
        continue
      }
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
