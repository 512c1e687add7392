/** A sleep that somebody can end early. */
export class Wakeup {
  readonly #sleepers = new Set<() => void>()

  /** Resolves after the time or at the next `wake`, whichever comes first. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#sleepers.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      timer.unref()
      this.#sleepers.add(done)
    })
  }

  wake(): void {
    for (const done of [...this.#sleepers]) done()
  }
}
