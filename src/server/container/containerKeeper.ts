import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { nodeEnvironment } from '../environment.ts'
import type { Engine } from './engine.ts'
import type { ToKeeper } from './keeper/messages.ts'

/** The program that ends a container whose window is gone. */
export interface KeeperProgram {
  /** Node, or Electron, which is then told to be Node. */
  readonly execPath: string
  /** `dist/keeper.js`. */
  readonly path: string
  /** How long a container goes on without a window; default 20 s. */
  readonly graceMs?: number
}

export interface KeptContainer {
  readonly engine: Engine
  readonly id: string
  readonly group: string | undefined
  readonly owner: string
}

const defaultGraceMs = 20_000

/** Our end of the keeper of one container. Its closed pipe is what tells it that this process is gone. */
export class ContainerKeeper {
  readonly #child: ChildProcess

  constructor(program: KeeperProgram, { engine, id, group, owner }: KeptContainer) {
    this.#child = spawn(program.execPath, [program.path], {
      cwd: tmpdir(),
      env: nodeEnvironment(engine.env),
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      windowsHide: true,
    })
    // Without a keeper the container is found by its label later, as a leftover.
    this.#child.on('error', () => undefined)
    this.#child.stdin?.on('error', () => undefined)
    this.#child.unref()
    const { graceMs = defaultGraceMs } = program
    const { facts } = engine
    this.#send({ type: 'keep', facts, id, owner, graceMs, ...(group === undefined ? {} : { group }) })
  }

  /** The window lets go: the container ends after the time of grace, unless somebody claims it from `owner`. */
  leave(owner: string): void {
    this.#send({ type: 'left', owner })
    this.#child.stdin?.end()
  }

  /** The container is gone, or its next user has a keeper of its own. */
  dismiss(): void {
    this.#send({ type: 'done' })
    this.#child.stdin?.end()
  }

  #send(message: ToKeeper): void {
    if (this.#child.stdin?.writable === true) this.#child.stdin.write(`${JSON.stringify(message)}\n`)
  }
}
