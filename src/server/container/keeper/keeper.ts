import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { foreignEnvironment } from '../../environment.ts'
import { readLines } from '../../process/lineReader.ts'
import { claim, findOwner, formatOwner, ownIdentity } from '../containerOwner.ts'
import { Engine } from '../engine.ts'
import type { ContainerEntry } from '../engineAnswers.ts'
import { removeGateway } from '../gateway.ts'
import type { ToKeeper } from './messages.ts'

/** How often, and how long after each other in milliseconds, an engine is asked that does not answer. */
const attempts = 60
const pauseMs = 5_000

type Order = Extract<ToKeeper, { type: 'keep' }>

/**
 * Looks after one container from outside of the window: when the window is gone, be it closed, reloaded or
 * killed, it waits for another one to take over, and otherwise ends and removes the container.
 */
export class Keeper {
  readonly #quit: () => void
  readonly #hurry = new AbortController()
  #order: Order | undefined
  #owner = ''
  #ending: Promise<void> | undefined

  constructor(input: Readable, quit: () => void) {
    this.#quit = quit
    readLines(input, (line) => this.#receive(JSON.parse(line) as ToKeeper), {
      onEnd: () => void this.end(true),
    })
  }

  /**
   * Ends the container unless a window has it; `isPatient`: only after the time of grace, which a later call may
   * cut short. Never rejects.
   */
  end(isPatient: boolean): Promise<void> {
    if (!isPatient) this.#hurry.abort()
    this.#ending ??= this.#endNow()
      .catch(() => undefined)
      .then(() => this.#quit())
    return this.#ending
  }

  #receive(message: ToKeeper): void {
    if (message.type === 'done') return this.#quit()
    this.#owner = message.owner
    if (message.type === 'keep') this.#order = message
  }

  /** A busy engine may fail to answer for a while, and nobody else looks after the container then. */
  async #endNow(): Promise<void> {
    if (!this.#order) return
    const { facts, graceMs } = this.#order
    const engine = new Engine(facts, foreignEnvironment(process.env))
    await sleep(graceMs, undefined, { signal: this.#hurry.signal }).catch(() => undefined)
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (await this.#isSettled(engine, this.#order).catch(() => false)) return
      await sleep(pauseMs)
    }
  }

  /** Whether nothing is left to do: it is removed, or a window has it. Rejects when the engine does not answer. */
  async #isSettled(engine: Engine, { id, group }: Order): Promise<boolean> {
    const state = await engine.state(id)
    if (state?.isRunning === true) {
      const { name, labels, isRunning } = state
      const answer = await this.#take(engine, { id, name, labels, isRunning })
      if (answer !== 'taken') return answer === 'in use'
      await engine.stop(id, 2)
    }
    if (state) await engine.remove([id])
    if (group !== undefined) await removeGateway(engine, group)
    return true
  }

  /**
   * The container knows better than we do: a window may end between letting go and telling us, and the next one
   * may have come since.
   */
  async #take(engine: Engine, entry: ContainerEntry): Promise<'taken' | 'in use' | 'unknown'> {
    const { state, text } = await findOwner(engine, entry)
    if (text === '' && state === 'alive') return 'unknown'
    if (state !== 'gone' && text !== this.#owner) return 'in use'
    const to = formatOwner(await ownIdentity())
    return (await claim(engine, entry, { from: text, to })) ? 'taken' : 'unknown'
  }
}
