import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientLog } from '../client/connection.ts'
import { OpencodeError, toErrorInfo } from '../opencode/errors.ts'
import type { Git } from '../server/isolation/git.ts'
import { IsolatedTree } from '../server/isolation/isolatedTree.ts'
import { type IsolationKind, type TreeBase, placesOf } from '../server/isolation/treeRecord.ts'
import { isLocked } from '../server/lease/fileLock.ts'
import { Emitter } from '../util/event.ts'
import { DisposableStore, type Disposable } from '../util/lifecycle.ts'
import { Task } from './task.ts'
import type { TaskHost } from './taskHost.ts'

export interface TasksOptions {
  /** A folder of ours outside of every workspace. */
  readonly storage: string
  readonly git: () => Git
  /** How many may run at once on this machine, over all windows. */
  readonly limit: () => number
  readonly host: TaskHost
  readonly log: ClientLog
}

export interface NewTask {
  /** The user's folder, anywhere in a git repository; symbolic links resolved. */
  readonly folder: string
  readonly kind: IsolationKind
  readonly base: TreeBase
  /** For the name of the branch, e.g. a few words about the work. */
  readonly name?: string
  readonly signal?: AbortSignal
}

/** The isolated pieces of work of this user: made, found again after a restart, counted, deleted. */
export class Tasks implements Disposable {
  readonly #options: TasksOptions
  readonly #tasks = new Map<string, Task>()
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  /** Fires when a task came, went or changed. */
  readonly onDidChange = this.#onDidChange.event
  #making: Promise<unknown> = Promise.resolve()

  constructor(options: TasksOptions) {
    this.#options = options
  }

  /** Oldest first. */
  get all(): readonly Task[] {
    return [...this.#tasks.values()].sort((a, b) => a.record.created - b.record.created)
  }

  get(id: string): Task | undefined {
    return this.#tasks.get(id)
  }

  /** The task whose sessions run in this directory. */
  at(directory: string): Task | undefined {
    return this.all.find((task) => task.directory === directory || task.place.root === directory)
  }

  /**
   * Takes in what is stored for these folders, from before a restart or from another window. Starts nothing and
   * reads a few small files only, so that it can be done before anything is shown.
   */
  load(folders: readonly string[]): void {
    const { storage, log } = this.#options
    for (const name of namesIn(storage)) {
      if (this.#tasks.has(name)) continue
      try {
        const tree = IsolatedTree.open(this.#options.git(), join(storage, name))
        if (folders.includes(tree.record.folder)) this.#add(tree)
      } catch (error) {
        log.debug(`task: ${name} is left out: ${toErrorInfo(error).message}`)
      }
    }
  }

  /**
   * Makes a task with its files; its server is not started yet.
   * @throws OpencodeError `no-repository`, `unsupported`, `conflict`, `limit-reached`, `aborted` …
   */
  async create({ folder, kind, base, name, signal }: NewTask): Promise<Task> {
    const { storage } = this.#options
    const make = async (): Promise<Task> => {
      await this.#admit(undefined)
      return this.#add(
        await IsolatedTree.create(this.#options.git(), { folder, storage, kind, base, name, signal }),
      )
    }
    // One after the other, so that each finds a name that is free.
    const made = this.#making.then(make, make)
    this.#making = made.catch(() => undefined)
    return made
  }

  dispose(): void {
    this.#store.dispose()
    for (const task of this.#tasks.values()) task.dispose()
    this.#tasks.clear()
  }

  #add(tree: IsolatedTree): Task {
    const task = new Task(
      {
        tree,
        host: this.#options.host,
        log: this.#options.log,
        admit: (candidate) => this.#admit(candidate),
        onDeleted: ({ id }) => {
          this.#tasks.delete(id)
          this.#onDidChange.fire(undefined)
        },
      },
      tree.borrowedObjects(),
    )
    this.#tasks.set(task.id, task)
    task.onDidChange(() => this.#onDidChange.fire(undefined))
    this.#onDidChange.fire(undefined)
    return task
  }

  /** Each running server takes memory and a model; what merely lies on the disk does not count. */
  async #admit(task: Task | undefined): Promise<void> {
    const { storage, limit } = this.#options
    const others = namesIn(storage).filter((name) => name !== task?.id)
    const inUse = await Promise.all(others.map((name) => isLocked(placesOf(join(storage, name)).owner)))
    const count = inUse.filter((isInUse) => isInUse).length
    if (count < limit()) return
    throw new OpencodeError(
      'limit-reached',
      `${count} isolated sessions run already, which is the limit. Stop or discard one, or raise the setting "opencodeSessions.isolation.limit".`,
    )
  }
}

function namesIn(storage: string): readonly string[] {
  try {
    return readdirSync(storage).filter((name) => /^[a-z0-9-]+$/.test(name))
  } catch {
    return []
  }
}
