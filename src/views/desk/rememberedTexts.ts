import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRecord } from '../../platform/storage.ts'

/** Larger ones are not kept, in characters of JSON. */
const largest = 16 * 1024 * 1024

/**
 * What must outlive a reload of the window: the texts that unsaved ones began with, and edits that wait. In a folder
 * of the extension's own storage, read as a whole when it is made.
 */
export class RememberedTexts {
  readonly #folder: string
  readonly #values = new Map<string, unknown>()
  readonly #changed = new Set<string>()
  #writing: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(folder: string) {
    this.#folder = folder
    for (const name of namesIn(folder)) {
      const read = readEntry(join(folder, name))
      if (read) this.#values.set(read.key, read.value)
    }
  }

  /** Keys and values, as they were parsed from JSON. */
  get entries(): readonly (readonly [string, unknown])[] {
    return [...this.#values]
  }

  get(key: string): unknown {
    return this.#values.get(key)
  }

  set(key: string, value: unknown): void {
    if (this.#isClosed) return
    this.#values.set(key, value)
    this.#write(key)
  }

  delete(key: string): void {
    if (!this.#isClosed && this.#values.delete(key)) this.#write(key)
  }

  /**
   * Resolves when all of it is on the disk, as far as the disk takes it. From the call on nothing is changed any more:
   * what ends with the window is not over.
   */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#writing
  }

  /** Of a text that changes with every key only the newest states are written. */
  #write(key: string): void {
    if (this.#changed.size === 0) this.#writing = this.#writing.then(() => this.#writeAll())
    this.#changed.add(key)
  }

  async #writeAll(): Promise<void> {
    for (const key of this.#changed) {
      this.#changed.delete(key)
      await this.#writeOne(key).catch(() => undefined)
    }
  }

  async #writeOne(key: string): Promise<void> {
    const file = this.#fileOf(key)
    const text = this.#values.has(key) ? JSON.stringify({ key, value: this.#values.get(key) }) : undefined
    if (text === undefined || text.length > largest) return rm(file, { force: true })
    await mkdir(this.#folder, { recursive: true })
    await writeFile(`${file}.new`, text, { mode: 0o600 })
    await rename(`${file}.new`, file)
  }

  #fileOf(key: string): string {
    return join(this.#folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`)
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^[\da-f]{32}\.json$/.test(name))
  } catch {
    return []
  }
}

function readEntry(file: string): { readonly key: string; readonly value: unknown } | undefined {
  try {
    const entry: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return isRecord(entry) && typeof entry['key'] === 'string'
      ? { key: entry['key'], value: entry['value'] }
      : undefined
  } catch {
    return undefined
  }
}
