import { isRecord } from '../../platform/storage.ts'
import type { StoredValue } from '../../platform/storage.ts'

const limit = 100
const longest = 20_000

/** Earlier prompts per folder, newest first, for ↑ in the composer. */
export class PromptHistory {
  readonly #stored: StoredValue

  constructor(stored: StoredValue) {
    this.#stored = stored
  }

  list(directory: string): readonly string[] {
    return this.#read()[directory] ?? []
  }

  async add(directory: string, text: string): Promise<void> {
    if (text.trim() === '' || text.length > longest) return
    const others = this.list(directory).filter((each) => each !== text)
    await this.#stored.set({ ...this.#read(), [directory]: [text, ...others].slice(0, limit) })
  }

  #read(): Readonly<Record<string, readonly string[]>> {
    const value = this.#stored.get()
    if (!isRecord(value)) return {}
    return Object.fromEntries(
      Object.entries(value).map(([key, list]) => [
        key,
        Array.isArray(list) ? list.filter((text) => typeof text === 'string') : [],
      ]),
    )
  }
}
