/** Something that must be given back. Calling `dispose` twice is allowed and does nothing. */
export interface Disposable {
  dispose(): void
}

export function toDisposable(run: () => void): Disposable {
  let isDone = false
  return {
    dispose() {
      if (isDone) return
      isDone = true
      run()
    },
  }
}

/** Owns disposables; what is added after its own end is disposed at once. Last in, first out. */
export class DisposableStore implements Disposable {
  #items: Disposable[] = []
  #isDisposed = false

  get isDisposed(): boolean {
    return this.#isDisposed
  }

  add<T extends Disposable>(item: T): T {
    if (this.#isDisposed) item.dispose()
    else this.#items.push(item)
    return item
  }

  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    const items = this.#items.reverse()
    this.#items = []
    for (const item of items) item.dispose()
  }
}

/** Holds one disposable at a time; assigning disposes the one before. */
export class MutableDisposable<T extends Disposable> implements Disposable {
  #value: T | undefined
  #isDisposed = false

  get value(): T | undefined {
    return this.#value
  }

  set value(next: T | undefined) {
    if (next === this.#value) return
    this.#value?.dispose()
    this.#value = this.#isDisposed ? undefined : next
    if (this.#isDisposed) next?.dispose()
  }

  dispose(): void {
    this.#isDisposed = true
    this.value = undefined
  }
}
