import { join } from 'node:path'
import type { ClientLog, Connection } from '../client/connection.ts'
import { OpencodeError, toErrorInfo } from '../opencode/errors.ts'
import type { ServerStatus } from '../opencode/server.ts'
import type { IsolatedChanges, IsolatedTree } from '../server/isolation/isolatedTree.ts'
import { type BroughtBranch, bringAsBranch } from '../server/isolation/toBranch.ts'
import { type PatchPlan, planPatch } from '../server/isolation/toWorkingTree.ts'
import { type TreeRecord, placesOf } from '../server/isolation/treeRecord.ts'
import { orAborted } from '../server/async.ts'
import { type FileLock, acquireLock } from '../server/lease/fileLock.ts'
import { Emitter } from '../util/event.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { TaskBackend, TaskHost, TaskPlace } from './taskHost.ts'
import { type RunOptions, type RunResult, runPrompt } from './taskRun.ts'

/** The window before a reload may need a moment to let go. */
const claimMs = 3000

export type TaskState = 'stopped' | 'starting' | 'running' | 'failed' | 'deleted'

/** How a task ends: its changes as a branch, merged into the working tree, or thrown away. */
export type Finish =
  | { readonly as: 'branch'; readonly message: string; readonly branch?: string }
  | { readonly as: 'patch' }
  | { readonly as: 'discard' }

export type Finished =
  | ({ readonly as: 'branch' } & BroughtBranch)
  | { readonly as: 'patch'; readonly files: readonly string[] }
  | { readonly as: 'discard' }

export interface TaskParts {
  readonly tree: IsolatedTree
  readonly host: TaskHost
  readonly log: ClientLog
  /** Asked before each start. @throws OpencodeError `limit-reached` */
  readonly admit: (task: Task) => Promise<void>
  readonly onDeleted: (task: Task) => void
}

/**
 * One piece of work apart from the user's files: a working tree, a server that sees nothing else, and the way
 * back. Files stay until `delete`, also over restarts; the server runs from `start` to `stop`.
 */
export class Task {
  readonly place: TaskPlace
  readonly #parts: TaskParts
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  /** Fires when state or record changed. */
  readonly onDidChange = this.#onDidChange.event
  readonly #backend: TaskBackend
  #lock: FileLock | undefined
  #unlocked = Promise.resolve()
  #isDeleted = false

  constructor(parts: TaskParts, readOnly: readonly string[]) {
    const { tree, host } = parts
    this.#parts = parts
    this.place = { record: tree.record, root: tree.root, directory: tree.directory, readOnly }
    this.#backend = host.serve(this.place, () => this.#launcher())
    this.#store.add(this.#backend.server.onDidChangeStatus((status) => this.#statusChanged(status)))
  }

  get id(): string {
    return this.record.id
  }

  get record(): TreeRecord {
    return this.#parts.tree.record
  }

  /** Name of the branch that the work is on inside, and that it comes back as. */
  get branch(): string {
    return this.record.branch
  }

  /** Where its sessions run. */
  get directory(): string {
    return this.place.directory
  }

  get state(): TaskState {
    if (this.#isDeleted) return 'deleted'
    const { kind } = this.#backend.server.status
    return kind === 'stopping' ? 'stopped' : kind
  }

  get backend(): TaskBackend {
    return this.#backend
  }

  /**
   * Brings up the server of the task, or takes over the one that runs since before a reload.
   * @throws OpencodeError `limit-reached`, `busy` (another window has it), or why the server does not come up
   */
  async start(signal?: AbortSignal): Promise<Connection> {
    this.#checkAlive()
    const { server } = this.#backend
    if (server.connection) return server.connection
    const cancel = (): void => void server.stop()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      const starting = server.start()
      return await (signal ? orAborted(starting, signal) : starting)
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** Sends a prompt to a session of the task, starts the server for it, and resolves with the outcome. */
  async run(prompt: string, options: RunOptions = {}): Promise<RunResult> {
    await this.start(options.signal)
    return runPrompt({ backend: this.#backend, directory: this.directory, prompt, options })
  }

  /** What differs from the beginning now; works while the server runs and while it does not. */
  changes(signal?: AbortSignal): Promise<IsolatedChanges> {
    this.#checkAlive()
    return this.#parts.tree.changes(signal)
  }

  /** A file as it was in the beginning. */
  textOfBase(path: string): Promise<Buffer | undefined> {
    return this.#parts.tree.textOfBase(path)
  }

  /** Absolute path of a file of the task. */
  fileOf(path: string): string {
    return join(this.place.root, ...path.split('/'))
  }

  /** Prepares what `finish` does for a patch, so that it can be looked at before. */
  planPatch(signal?: AbortSignal): Promise<PatchPlan> {
    this.#checkAlive()
    return planPatch(this.#parts.tree, signal)
  }

  /**
   * Brings the changes back. The task itself stays, to go on or to be deleted; only `discard` deletes it.
   * @throws OpencodeError `conflict`, `not-found` (nothing changed) …; then nothing was changed outside
   */
  async finish(how: Finish, signal?: AbortSignal): Promise<Finished> {
    this.#checkAlive()
    if (how.as === 'discard') {
      await this.delete()
      return { as: 'discard' }
    }
    if (how.as === 'branch') {
      const { message, branch } = how
      const brought = await bringAsBranch(this.#parts.tree, { message, branch, signal })
      this.#onDidChange.fire(undefined)
      return { as: 'branch', ...brought }
    }
    const plan = await this.planPatch(signal)
    try {
      await plan.apply()
      return { as: 'patch', files: plan.files }
    } finally {
      await plan.dispose()
    }
  }

  /** Ends the server; files and sessions stay. Never rejects. */
  async stop(): Promise<void> {
    await this.#backend.server.stop()
    await this.#unlock()
  }

  /** Ends the server and removes all that there is of the task: container, volume, files. */
  async delete(): Promise<void> {
    if (this.#isDeleted) return
    const { host, tree, log } = this.#parts
    await this.stop()
    this.#isDeleted = true
    await host.leave(this.place)
    await host.clean(this.place).catch((error: unknown) => {
      log.warn(`task: what its server left could not be removed: ${toErrorInfo(error).message}`)
    })
    await this.#unlock()
    await tree.remove()
    this.#parts.onDeleted(this)
    this.#onDidChange.fire(undefined)
    this.#store.dispose()
  }

  dispose(): void {
    this.#store.dispose()
  }

  /** Whatever starts the server comes through here, so that no two windows ever work on the same files. */
  #launcher(): ReturnType<TaskHost['launcher']> {
    const { host, admit } = this.#parts
    const launcher = host.launcher(this.place)
    return {
      origin: launcher.origin,
      launch: async (signal) => {
        await admit(this)
        await this.#claim(signal)
        return launcher.launch(signal)
      },
    }
  }

  async #claim(signal: AbortSignal): Promise<void> {
    if (this.#lock) return
    await this.#unlocked
    const path = placesOf(this.#parts.tree.folder).owner
    try {
      this.#lock = await acquireLock(path, { signal, timeoutMs: claimMs })
    } catch (error) {
      if (!(error instanceof OpencodeError) || error.code !== 'timeout') throw error
      const message = `The isolated session ${this.branch} is used in another window.`
      throw new OpencodeError('busy', message, { cause: error })
    }
  }

  #unlock(): Promise<void> {
    const lock = this.#lock
    this.#lock = undefined
    if (lock) this.#unlocked = lock.release()
    return this.#unlocked
  }

  #statusChanged(status: ServerStatus): void {
    if (status.kind === 'stopped' || status.kind === 'failed') void this.#unlock()
    this.#onDidChange.fire(undefined)
  }

  #checkAlive(): void {
    if (!this.#isDeleted) return
    throw new OpencodeError('not-found', `The isolated session ${this.branch} was deleted.`)
  }
}
