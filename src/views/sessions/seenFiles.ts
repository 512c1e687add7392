import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SessionID } from '../../opencode/ids.ts'

const keptMs = 7 * 24 * 3_600_000

/**
 * What other windows of this user have seen: an empty file for each session, whose time is when somebody last looked at
 * its end. VS Code tells one window nothing of another's state while both are open.
 */
export class SeenFiles {
  readonly #folder: string

  constructor(storageFolder: string) {
    this.#folder = join(storageFolder, 'seen')
  }

  /** Somebody looks at it here and now. What cannot be written is not worth an error. */
  async note(sessionID: SessionID): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true })
      const file = this.#fileOf(sessionID)
      const now = new Date()
      await writeFile(file, '', { mode: 0o600 })
      await utimes(file, now, now)
      await this.#tidy(now.getTime())
    } catch {
      return
    }
  }

  /** Whether any window showed it since then (epoch ms). */
  async isSeenSince(sessionID: SessionID, time: number): Promise<boolean> {
    try {
      return (await stat(this.#fileOf(sessionID))).mtimeMs >= time
    } catch {
      return false
    }
  }

  #fileOf(sessionID: SessionID): string {
    return join(this.#folder, sessionID.replace(/\W/g, ''))
  }

  async #tidy(now: number): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const file = join(this.#folder, name)
      if (now - (await stat(file)).mtimeMs > keptMs) await rm(file, { force: true })
    }
  }
}
