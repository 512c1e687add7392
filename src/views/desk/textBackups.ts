import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRecord } from '../../platform/storage.ts'

/** A text of the user's that was put away before something could happen to it. */
export interface TextBackup {
  readonly id: string
  /** Absolute path of the file whose text it is. */
  readonly path: string
  /** Epoch milliseconds. */
  readonly time: number
  readonly text: string
}

const keptBackups = 200

/** Copies of unsaved text in the extension's own storage, the newest 200. They are never sent anywhere. */
export class TextBackups {
  readonly #folder: string
  readonly #now: () => number
  #writing: Promise<unknown> = Promise.resolve()

  constructor(folder: string, now: () => number = Date.now) {
    this.#folder = folder
    this.#now = now
  }

  /** Resolves when the text is on the disk. A text that is the newest one of its file already costs nothing. */
  async keep(path: string, text: string): Promise<void> {
    const write = this.#writing.then(() => this.#write(path, text))
    this.#writing = write.catch(() => undefined)
    await write
  }

  /** The newest first. */
  async list(): Promise<readonly TextBackup[]> {
    const names = (await this.#names()).toReversed()
    const backups = await Promise.all(names.map((name) => this.#read(name)))
    return backups.filter((backup) => backup !== undefined)
  }

  async #write(path: string, text: string): Promise<void> {
    const names = await this.#names()
    const key = createHash('sha256').update(path).digest('hex').slice(0, 16)
    const last = names.findLast((name) => name.includes(key))
    if (last !== undefined && (await this.#read(last))?.text === text) return
    await mkdir(this.#folder, { recursive: true })
    const time = this.#now()
    const number = String(names.length === 0 ? 0 : numberOf(names.at(-1)) + 1).padStart(9, '0')
    const name = `${number}-${key}.json`
    await writeFile(join(this.#folder, name), JSON.stringify({ path, time, text }), { mode: 0o600 })
    for (const old of names.slice(0, Math.max(0, names.length + 1 - keptBackups))) {
      await rm(join(this.#folder, old), { force: true })
    }
  }

  async #names(): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch(() => [])
    return names.filter((name) => /^\d{9}-[\da-f]{16}\.json$/.test(name)).sort()
  }

  async #read(name: string): Promise<TextBackup | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(join(this.#folder, name), 'utf8'))
      if (!isRecord(value)) return undefined
      const { path, time, text } = value
      if (typeof path !== 'string' || typeof time !== 'number' || typeof text !== 'string') return undefined
      return { id: name, path, time, text }
    } catch {
      return undefined
    }
  }
}

function numberOf(name: string | undefined): number {
  return Number(name?.slice(0, 9) ?? 0)
}
