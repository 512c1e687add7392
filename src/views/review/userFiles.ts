import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as vscode from 'vscode'
import { filePath } from '../../platform/folders.ts'
import type { TurnRecorder } from '../../review/turnRecorder.ts'
import { isWithin } from '../../util/paths.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { bytesOnDisk } from './reviewFiles.ts'

/** Files of a folder that are looked at when the user moves or deletes it, at the most. */
const mostFiles = 2_000
const skipped = new Set(['.git', 'node_modules'])

/** Tells the recorder which files the user makes, moves and deletes in the explorer while an agent is at work. */
export class UserFiles implements Disposable {
  readonly #recorder: Pick<TurnRecorder, 'isRecording' | 'foreignWrite'>
  readonly #store = new DisposableStore()
  /** What is about to be deleted. */
  readonly #going = new Map<string, Buffer>()

  constructor(recorder: Pick<TurnRecorder, 'isRecording' | 'foreignWrite'>) {
    this.#recorder = recorder
    const { workspace } = vscode
    this.#store.add(workspace.onDidCreateFiles(({ files }) => void this.#created(files.map(filePath))))
    this.#store.add(workspace.onWillDeleteFiles((event) => event.waitUntil(this.#willDelete(event.files))))
    this.#store.add(workspace.onDidDeleteFiles(({ files }) => void this.#deleted(files.map(filePath))))
    this.#store.add(
      workspace.onDidRenameFiles(({ files }) => {
        for (const { oldUri, newUri } of files) void this.#moved(filePath(oldUri), filePath(newUri))
      }),
    )
  }

  dispose(): void {
    this.#store.dispose()
  }

  async #created(paths: readonly string[]): Promise<void> {
    for (const path of await this.#filesIn(paths))
      await this.#recorder.foreignWrite(path, undefined, await bytesOnDisk(path))
  }

  async #willDelete(uris: readonly vscode.Uri[]): Promise<void> {
    this.#going.clear()
    for (const path of await this.#filesIn(uris.map(filePath))) {
      const bytes = await bytesOnDisk(path)
      if (bytes) this.#going.set(path, bytes)
    }
  }

  async #deleted(paths: readonly string[]): Promise<void> {
    const gone = [...this.#going].filter(([path]) => paths.some((each) => isWithin(path, each)))
    for (const [path, bytes] of gone) {
      this.#going.delete(path)
      await this.#recorder.foreignWrite(path, bytes, undefined)
    }
  }

  async #moved(from: string, to: string): Promise<void> {
    for (const path of await this.#filesIn([to])) {
      const bytes = await bytesOnDisk(path)
      await this.#recorder.foreignWrite(from + path.slice(to.length), bytes, undefined)
      await this.#recorder.foreignWrite(path, undefined, bytes)
    }
  }

  /** Files as they are, and those in folders; nothing outside of where an agent is at work. */
  async #filesIn(paths: readonly string[]): Promise<readonly string[]> {
    const found: string[] = []
    for (const path of paths) if (this.#recorder.isRecording(path)) await collect(path, found)
    return found
  }
}

async function collect(path: string, found: string[]): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined)
  if (!entries) found.push(path)
  for (const entry of entries ?? []) {
    if (found.length >= mostFiles) return
    if (entry.isFile()) found.push(join(path, entry.name))
    else if (entry.isDirectory() && !skipped.has(entry.name)) await collect(join(path, entry.name), found)
  }
}
