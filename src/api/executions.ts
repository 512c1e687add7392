import { randomUUID } from 'node:crypto'
import type * as api from '../../api/index.d.ts'
import type { Disposable } from '../util/lifecycle.ts'
import { ApiError } from './apiError.ts'
import type { CheckedRequest } from './checkRequest.ts'
import { Execution } from './execution.ts'
import type { RunHost } from './runHost.ts'

/** The executions of all callers in this window. */
export class Executions implements Disposable {
  readonly #running = new Map<string, { readonly owner: string; readonly execution: Execution }>()
  readonly #sessions = new Map<string, string>()

  get size(): number {
    return this.#running.size
  }

  start(owner: string, request: CheckedRequest, callbacks: api.ExecutionCallbacks, host: RunHost): Execution {
    const id = `run_${randomUUID()}`
    const claim = (sessionID: string): boolean => {
      if ((this.#sessions.get(sessionID) ?? id) !== id) return false
      this.#sessions.set(sessionID, id)
      return true
    }
    const execution = new Execution({ id, request, callbacks, host, claim })
    this.#running.set(id, { owner, execution })
    const forget = (): void => this.#forget(id)
    execution.result.then(forget, forget)
    return execution
  }

  /** Only its owner can cancel an execution. */
  async cancel(owner: string, id: string): Promise<boolean> {
    const running = this.#running.get(id)
    return running?.owner === owner ? running.execution.cancel() : false
  }

  /** Resolves when none of the caller's executions runs any more. */
  async endAll(cause: ApiError, owner?: string): Promise<void> {
    const ended = [...this.#running.values()].filter((each) => owner === undefined || each.owner === owner)
    await Promise.all(ended.map(({ execution }) => execution.end(cause)))
  }

  /** The window closes. The runs of a server that stays are aborted as far as time allows. */
  async close(): Promise<void> {
    await this.endAll(
      new ApiError(
        'window-closing',
        'The window closes, and the execution with it. Start it again in the next one.',
      ),
    )
  }

  dispose(): void {
    void this.close()
  }

  #forget(id: string): void {
    this.#running.delete(id)
    for (const [sessionID, holder] of this.#sessions) if (holder === id) this.#sessions.delete(sessionID)
  }
}
