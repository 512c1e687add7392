import { setTimeout as sleep } from 'node:timers/promises'
import { fields, text } from '../reading.ts'
import type { V2Routes } from './routes.ts'

const firstMs = 200
const longestMs = 2_000

export interface ShellPlace {
  readonly id: string
  /** Of its session; undefined where that is not known. */
  readonly directory: string | undefined
}

/**
 * What running commands print. Their events name the shell alone, so its output is asked for: often at first, then
 * less and less while nothing new comes.
 */
export class ShellOutput {
  readonly #routes: V2Routes
  readonly #running = new Map<string, AbortController>()

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  /** Follows the shell of a tool call until `end` or `clear`. Does nothing when it is followed already. */
  begin(callID: string, shell: ShellPlace, tell: (output: string) => void): void {
    if (this.#running.has(callID)) return
    const stop = new AbortController()
    this.#running.set(callID, stop)
    void this.#follow(shell, tell, stop.signal).finally(() => {
      if (this.#running.get(callID) === stop) this.#running.delete(callID)
    })
  }

  end(callID: string): void {
    this.#running.get(callID)?.abort()
    this.#running.delete(callID)
  }

  clear(): void {
    for (const stop of this.#running.values()) stop.abort()
    this.#running.clear()
  }

  /** Ends by itself when the server does not know the shell (any more). */
  async #follow(
    { id, directory }: ShellPlace,
    tell: (output: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const path = `/api/shell/${encodeURIComponent(id)}/output`
    let known = ''
    for (let waitMs = firstMs; ; waitMs = Math.min(waitMs * 2, longestMs)) {
      await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined)
      const answer = this.#routes.at(directory, 'GET', '/api/shell/{id}/output', { path, signal })
      const found = await answer.catch(() => undefined)
      const output = text(fields(found)['output'])
      // What the signal ended is undefined, too.
      if (output === undefined) return
      if (output === known) continue
      known = output
      waitMs = firstMs
      tell(output)
    }
  }
}
