import { createHash } from 'node:crypto'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as vscode from 'vscode'

/** A picture that nobody opened for this long is removed. */
const keptMs = 7 * 24 * 3_600_000

/**
 * Pictures of messages as files below the extension's storage, so that VS Code's own preview opens them, also after a
 * reload. One picture is one file, named as it was in the message.
 */
export class PictureFiles {
  readonly #folder: string
  #tidied: Promise<void> | undefined

  constructor(storageFolder: string) {
    this.#folder = join(storageFolder, 'pictures')
  }

  async open(name: string, content: Uint8Array): Promise<void> {
    await (this.#tidied ??= this.#tidy())
    const folder = join(this.#folder, createHash('sha256').update(content).digest('hex').slice(0, 16))
    const file = join(folder, safeName(name))
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(file, content, { mode: 0o600 })
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file), { preview: true })
  }

  async #tidy(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [])
    for (const name of names) {
      const path = join(this.#folder, name)
      const changed = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      )
      if (Date.now() - changed > keptMs) await rm(path, { recursive: true, force: true })
    }
  }
}

/** The last part of a name that somebody else chose, with nothing in it that a file system takes for more than a letter. */
function safeName(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? ''
  return (
    last
      .replace(/[^\p{L}\p{N} ._-]/gu, '_')
      .replace(/^\.+/, '')
      .slice(-100) || 'picture'
  )
}
