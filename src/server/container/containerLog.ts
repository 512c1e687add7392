import { OutputTail } from '../process/outputTail.ts'
import type { Engine } from './engine.ts'

/** Follows what a container prints: to whoever shows it, into a short memory, and to see that the server listens. */
export class ContainerLog {
  /** Resolves when the server has said that it listens; it may never do. */
  readonly listening: Promise<void>
  readonly #tail: OutputTail
  readonly #controller = new AbortController()
  #heard: () => void = () => undefined

  constructor(secrets: readonly string[]) {
    this.#tail = new OutputTail(secrets)
    this.listening = new Promise((resolve) => {
      this.#heard = resolve
    })
  }

  /** Reads from the start of a new container, or from now on. Ends with the container or by `stop`. */
  follow(engine: Engine, id: string, from: 'start' | 'now', onClean: (line: string) => void): void {
    const onLine = (line: string): void => {
      const clean = this.#tail.push(line)
      if (clean === undefined) return
      onClean(clean)
      if (/\bserver listening on http/.test(clean)) this.#heard()
    }
    // Some log drivers cannot be read; probing then has to do.
    engine.followLogs(id, onLine, { from, signal: this.#controller.signal }).catch(() => undefined)
  }

  stop(): void {
    this.#controller.abort()
  }

  toString(): string {
    return this.#tail.toString()
  }
}
