import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Large contents as files of the extension's own storage folder, named by their digest. They keep the
 * workspace state, which is read and written as a whole, small.
 */
export class BlobStore {
  readonly #directory: string
  readonly #held = new Map<string, ReadonlySet<string>>()
  readonly #written = new Set<string>()
  readonly #owners: readonly string[]

  /** `owners` are all that keep blobs here: nothing is removed before each of them said what it holds. */
  constructor(directory: string, owners: readonly string[]) {
    this.#directory = directory
    this.#owners = owners
  }

  /** Stores a content under its name; a name that is there already costs nothing. */
  async put(base64: string): Promise<string> {
    const name = createHash('sha256').update(base64).digest('hex')
    if (this.#written.has(name)) return name
    await mkdir(this.#directory, { recursive: true })
    await writeFile(join(this.#directory, name), base64, { mode: 0o600 })
    this.#written.add(name)
    return name
  }

  /** Whether a content is there, as far as is known; see `refresh`. */
  has(name: string): boolean {
    return this.#written.has(name)
  }

  /** Looks which contents are there: another window may have removed some. */
  async refresh(): Promise<void> {
    const present = new Set(await readdir(this.#directory).catch(() => []))
    for (const name of this.#written) if (!present.has(name)) this.#written.delete(name)
  }

  /** The content in base64; undefined when it is gone. Read at once: drafts are there before their chat. */
  read(name: string): string | undefined {
    if (!/^[\da-f]{64}$/.test(name)) return undefined
    try {
      const content = readFileSync(join(this.#directory, name), 'utf8')
      this.#written.add(name)
      return content
    } catch {
      return undefined
    }
  }

  /** From now on this owner needs these and no others; what nobody needs is removed. */
  async hold(owner: string, names: readonly string[]): Promise<void> {
    this.#held.set(owner, new Set(names))
    if (!this.#owners.every((each) => this.#held.has(each))) return
    const needed = new Set([...this.#held.values()].flatMap((held) => [...held]))
    const present = await readdir(this.#directory).catch(() => [])
    for (const name of present) {
      if (needed.has(name)) continue
      this.#written.delete(name)
      await rm(join(this.#directory, name), { force: true })
    }
  }
}
