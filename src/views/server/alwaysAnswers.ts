import type { PermissionRequest } from '../../session/model.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend } from '../backend/backends.ts'

/** A permission that was given "always" in this window. */
export interface AlwaysAnswer {
  readonly directory: string
  /** What was asked for, e.g. `edit`. */
  readonly action: string
  /** What is not asked about any more. */
  readonly patterns: readonly string[]
  /** Epoch milliseconds. */
  readonly given: number
}

/**
 * What was allowed "always" from here. The 1.x server keeps these answers in the memory of a folder and lists them nowhere,
 * so those given elsewhere are not known; they end when the folder is loaded anew or the server goes.
 */
export class AlwaysAnswers implements Disposable {
  readonly #answers = new Map<Backend, readonly AlwaysAnswer[]>()
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  readonly onDidChange = this.#onDidChange.event

  /** Those of a server, the newest first. */
  of(backend: Backend): readonly AlwaysAnswer[] {
    return this.#answers.get(backend) ?? []
  }

  /** Remembers that a request was answered "always". */
  add(backend: Backend, { directory, action, always, patterns }: PermissionRequest): void {
    if (!this.#answers.has(backend)) this.#follow(backend)
    const answer = { directory, action, patterns: always.length > 0 ? always : patterns, given: Date.now() }
    this.#set(backend, [answer, ...this.of(backend)])
  }

  dispose(): void {
    this.#store.dispose()
  }

  #follow(backend: Backend): void {
    this.#store.add(backend.server.onDidChangeConnection(() => this.#set(backend, [])))
    this.#store.add(
      backend.hub.news.onDidDrop((directory) => {
        const left = this.of(backend).filter(
          (answer) => directory !== undefined && answer.directory !== directory,
        )
        this.#set(backend, left)
      }),
    )
  }

  #set(backend: Backend, answers: readonly AlwaysAnswer[]): void {
    this.#answers.set(backend, answers)
    this.#onDidChange.fire(undefined)
  }
}
