import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientLog, Endpoint } from '../../client/connection.ts'
import { type ErrorInfo, OpencodeError, isAbort, toErrorInfo } from '../../opencode/errors.ts'
import { settlesWithin } from '../async.ts'
import type { ServerExit, ServerHandle } from '../launcher.ts'
import { describeEnd } from './containerEnd.ts'
import type { ContainerKeeper } from './containerKeeper.ts'
import type { ContainerLog } from './containerLog.ts'
import { disown } from './containerOwner.ts'
import type { Engine } from './engine.ts'
import { removeGateway } from './gateway.ts'

export interface ContainerParts {
  readonly engine: Engine
  readonly id: string
  readonly name: string
  /** Gateway and networks carry this name; undefined when there are none. */
  readonly group: string | undefined
  readonly endpoint: Endpoint
  readonly output: ContainerLog
  readonly isAdopted: boolean
  /** Ends the container when this process is gone; undefined: it stays until somebody finds it. */
  readonly keeper: ContainerKeeper | undefined
}

/** Names of the containers that this process starts, looks after or removes. */
const held = new Set<string>()

/**
 * Reserves a container for one user within this process; false when somebody has it. Needed besides the owner
 * inside the container, which only tells processes apart.
 */
export function hold(name: string): boolean {
  if (held.has(name)) return false
  held.add(name)
  return true
}

export function letGo(name: string): void {
  held.delete(name)
}

const graceSeconds = 2

/** A server in a container of ours: watched from its start to its end. */
export class ContainerHandle implements ServerHandle {
  readonly origin = 'managed'
  readonly endpoint: Endpoint
  readonly exited: Promise<ServerExit>
  readonly #parts: ContainerParts
  readonly #log: ClientLog
  readonly #watch = new AbortController()
  #resolve: (exit: ServerExit) => void = () => undefined
  #stopping: Promise<void> | undefined

  constructor(parts: ContainerParts, log: ClientLog) {
    this.#parts = parts
    this.#log = log
    this.endpoint = parts.endpoint
    this.exited = new Promise((resolve) => {
      this.#resolve = resolve
    })
    held.add(parts.name)
    void this.#watchOver()
  }

  get id(): string {
    return this.#parts.id
  }

  get name(): string {
    return this.#parts.name
  }

  get engine(): Engine {
    return this.#parts.engine
  }

  /** Whether it ran already, left by a window that was reloaded or died. */
  get isAdopted(): boolean {
    return this.#parts.isAdopted
  }

  /** Keys need no farewell: they are in the memory of the container and end with it. */
  setFarewell(): void {
    return undefined
  }

  get output(): ContainerLog {
    return this.#parts.output
  }

  /** The last lines that the container printed, without secrets. */
  tail(): string {
    return this.#parts.output.toString()
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopNow()
    return this.#stopping
  }

  /** Lets go without stopping, so that the next window for this workspace can adopt it. `exited` stays open. */
  leave(): Promise<void> {
    this.#stopping ??= this.#leaveNow()
    return this.#stopping
  }

  async #leaveNow(): Promise<void> {
    const owner = await disown(this.engine, this.id).catch(() => undefined)
    if (owner !== undefined) this.#parts.keeper?.leave(owner)
    this.#letGo()
  }

  async #stopNow(): Promise<void> {
    if (!held.has(this.name)) return
    const code = await this.#end().catch((error: unknown) => {
      this.#log.warn(`server: the container ${this.name} could not be stopped: ${toErrorInfo(error).message}`)
      return null
    })
    this.#letGo()
    this.#parts.keeper?.dismiss()
    this.#resolve({ code, signal: null, tail: this.tail() })
  }

  async #end(): Promise<number | null> {
    await this.engine.stop(this.id, graceSeconds)
    const state = await this.engine.state(this.id)
    await this.#remove()
    return state?.exitCode ?? null
  }

  async #remove(): Promise<void> {
    await this.engine.remove([this.id])
    if (this.#parts.group !== undefined) await removeGateway(this.engine, this.#parts.group)
  }

  #letGo(): void {
    letGo(this.name)
    this.#watch.abort()
    this.#parts.output.stop()
  }

  async #watchOver(): Promise<void> {
    const reason = await this.#waitForEnd()
    if (this.#stopping || reason === undefined) return
    this.#stopping = Promise.resolve()
    const { info, code } = reason
    this.#log.warn(`server: the container ${this.name} ended: ${info.code}`)
    await settlesWithin(this.#remove(), 10_000)
    this.#letGo()
    this.#parts.keeper?.dismiss()
    this.#resolve({ code, signal: null, tail: this.tail(), reason: info })
  }

  /** Waits for the end and finds out why. Undefined when we are called off. */
  async #waitForEnd(): Promise<{ readonly info: ErrorInfo; readonly code: number | null } | undefined> {
    for (;;) {
      try {
        await this.engine.wait(this.id, this.#watch.signal)
        return await this.#explain()
      } catch (error) {
        if (this.#stopping || isAbort(error)) return undefined
        const end = await this.#afterFailedWait(error)
        if (end || this.#watch.signal.aborted) return end
      }
      // The watch broke off but the container runs: the engine was restarted under it.
      await sleep(1000)
    }
  }

  async #explain(): Promise<{ readonly info: ErrorInfo; readonly code: number | null }> {
    const state = await this.engine.state(this.id)
    // What was printed last may still be on its way to us.
    await sleep(100)
    const tail = this.tail() === '' && state ? await this.engine.logs(this.id) : this.tail()
    return { info: describeEnd(state, tail), code: state?.exitCode ?? null }
  }

  async #afterFailedWait(
    cause: unknown,
  ): Promise<{ readonly info: ErrorInfo; readonly code: number | null } | undefined> {
    try {
      const state = await this.engine.state(this.id)
      return state?.isRunning === true ? undefined : await this.#explain()
    } catch (error) {
      const info = toErrorInfo(error instanceof OpencodeError ? error : cause)
      const message = 'The container engine stopped, and the server with it, or it cannot be asked any more.'
      return { info: { ...info, code: 'engine-not-running', message }, code: null }
    }
  }
}
