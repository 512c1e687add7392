import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import * as vscode from 'vscode'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { openDocument } from './texts.ts'

export const proposalScheme = 'opencode-proposal'

/**
 * Files that exist in memory only: what an edit would make of a file, where the user may change it before it is
 * allowed. Saving one keeps the change here and touches no disk.
 */
export class ProposalFiles implements Disposable, vscode.FileSystemProvider {
  readonly #files = new Map<string, { bytes: Uint8Array; modified: number }>()
  readonly #store = new DisposableStore()
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>()
  readonly onDidChangeFile = this.#changed.event

  constructor() {
    this.#store.add(this.#changed)
    this.#store.add(
      vscode.workspace.registerFileSystemProvider(proposalScheme, this, { isCaseSensitive: true }),
    )
  }

  /** A new file; its name gives the language. */
  add(path: string, text: string): vscode.Uri {
    const authority = randomBytes(6).toString('hex')
    const uri = vscode.Uri.from({ scheme: proposalScheme, authority, path: `/${basename(path)}` })
    this.restore(uri, text)
    return uri
  }

  /** A file that was there before the window was reloaded; an editor may ask for it at once. */
  restore(uri: vscode.Uri, text: string): void {
    this.#put(uri, new TextEncoder().encode(text))
  }

  /** What the user has made of it, saved or not; undefined when it is gone. */
  text(uri: vscode.Uri): string | undefined {
    const file = this.#files.get(uri.toString())
    return openDocument(uri)?.getText() ?? (file && new TextDecoder().decode(file.bytes))
  }

  /** Closes the editors of a file without a question, and forgets it. */
  async remove(uri: vscode.Uri): Promise<void> {
    const document = openDocument(uri)
    if (document?.isDirty === true) await document.save()
    const tabs = vscode.window.tabGroups.all
      .flatMap((group) => group.tabs)
      .filter(({ input }) => input instanceof vscode.TabInputTextDiff && isSame(input.modified, uri))
    if (tabs.length > 0) await vscode.window.tabGroups.close(tabs, true)
    this.#files.delete(uri.toString())
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined)
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    const { bytes, modified } = this.#need(uri)
    return { type: vscode.FileType.File, ctime: 0, mtime: modified, size: bytes.byteLength }
  }

  readFile(uri: vscode.Uri): Uint8Array {
    return this.#need(uri).bytes
  }

  writeFile(uri: vscode.Uri, bytes: Uint8Array): void {
    this.#need(uri)
    this.#put(uri, bytes)
    this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }])
  }

  readDirectory(): [string, vscode.FileType][] {
    return []
  }

  createDirectory(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri)
  }

  delete(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri)
  }

  rename(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri)
  }

  dispose(): void {
    this.#store.dispose()
    this.#files.clear()
  }

  #put(uri: vscode.Uri, bytes: Uint8Array): void {
    this.#files.set(uri.toString(), { bytes, modified: Date.now() })
  }

  #need(uri: vscode.Uri): { bytes: Uint8Array; modified: number } {
    const file = this.#files.get(uri.toString())
    if (file) return file
    throw vscode.FileSystemError.FileNotFound(uri)
  }
}

function isSame(left: vscode.Uri, right: vscode.Uri): boolean {
  return left.toString() === right.toString()
}
