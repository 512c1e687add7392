import type { Disposable } from './lifecycle.ts'
import { toDisposable } from './lifecycle.ts'

/** A function that subscribes; the same shape as VS Code's own `Event`. */
export type Event<T> = (listener: (value: T) => void) => Disposable

/** Private emitter behind a public `onDid…` event. A listener that throws does not stop the others. */
export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<(value: T) => void>()
  readonly #onError: (error: unknown) => void

  constructor(onError: (error: unknown) => void = rethrowLater) {
    this.#onError = onError
  }

  readonly event: Event<T> = (listener) => {
    const own = (value: T): void => listener(value)
    this.#listeners.add(own)
    return toDisposable(() => this.#listeners.delete(own))
  }

  fire(value: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value)
      } catch (error) {
        this.#onError(error)
      }
    }
  }

  dispose(): void {
    this.#listeners.clear()
  }
}

function rethrowLater(error: unknown): void {
  void Promise.resolve().then(() => {
    throw error
  })
}
