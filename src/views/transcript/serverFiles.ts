import { resolve } from 'node:path'
import * as vscode from 'vscode'
import type { ServerFiles } from '../../client/files.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { openFile } from '../links.ts'

const scheme = 'opencode-file'
/** The oldest goes; its editor keeps what it shows. */
const keptFiles = 20

interface Kept {
  readonly bytes: Uint8Array
  /** Epoch milliseconds. */
  readonly at: number
}

/** A file that the transcript names. */
export interface NamedFile {
  /** As this machine would name it; relative to the directory where it is not absolute. */
  readonly path: string
  /** 1-based. */
  readonly line: number | undefined
  /** Of the session. */
  readonly directory: string
}

/** Files that the server has and this machine has not, as read-only editors: to the byte, so pictures open as well. */
export class ServerFileEditors implements Disposable {
  readonly #kept = new Map<string, Kept>()
  readonly #store = new DisposableStore()
  #lastID = 0

  constructor() {
    const changes = this.#store.add(new vscode.EventEmitter<vscode.FileChangeEvent[]>())
    const refuse = (): never => {
      throw vscode.FileSystemError.NoPermissions()
    }
    const provider: vscode.FileSystemProvider = {
      onDidChangeFile: changes.event,
      watch: () => new vscode.Disposable(() => undefined),
      stat: (uri) => {
        const { bytes, at } = this.#find(uri)
        return { type: vscode.FileType.File, ctime: at, mtime: at, size: bytes.length }
      },
      readFile: (uri) => this.#find(uri).bytes,
      readDirectory: () => [],
      createDirectory: refuse,
      writeFile: refuse,
      delete: refuse,
      rename: refuse,
    }
    this.#store.add(vscode.workspace.registerFileSystemProvider(scheme, provider, { isReadonly: true }))
  }

  /**
   * Opens a file of this machine; one that is not there as the server has it, where that gives files to the byte.
   *
   * @throws OpencodeError `not-found`
   */
  async open(file: NamedFile, files: ServerFiles | undefined): Promise<void> {
    try {
      await openFile(file.path, file.line, file.directory)
    } catch (error) {
      const isMissing = error instanceof OpencodeError && error.code === 'not-found'
      if (!isMissing || !files?.read) throw error
      const path = resolve(file.directory, file.path)
      const bytes = await files.read(file.directory, path).catch((reason: unknown) => {
        throw reason instanceof OpencodeError && reason.code === 'not-found' ? error : reason
      })
      await this.#show(path, bytes, file.line)
    }
  }

  dispose(): void {
    this.#store.dispose()
    this.#kept.clear()
  }

  async #show(path: string, bytes: Uint8Array, line: number | undefined): Promise<void> {
    const uri = vscode.Uri.file(path).with({ scheme, query: String(++this.#lastID) })
    this.#kept.set(uri.toString(), { bytes, at: Date.now() })
    const oldest = this.#kept.size > keptFiles ? this.#kept.keys().next().value : undefined
    if (oldest !== undefined) this.#kept.delete(oldest)
    const start = new vscode.Position(Math.max((line ?? 1) - 1, 0), 0)
    const selection = line === undefined ? {} : { selection: new vscode.Range(start, start) }
    await vscode.commands.executeCommand('vscode.open', uri, { preview: true, ...selection })
  }

  #find(uri: vscode.Uri): Kept {
    const found = this.#kept.get(uri.toString())
    if (found) return found
    throw vscode.FileSystemError.FileNotFound(uri)
  }
}
