import * as vscode from 'vscode'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { RememberedTexts } from './rememberedTexts.ts'
import { diskText } from './texts.ts'

const largestKept = 4 * 1024 * 1024
/** How long before it is written an edit may have been worked out, in milliseconds. */
const lately = 60_000
/** A first key is told before the document counts as unsaved. */
const settleMs = 500

/**
 * For each file with unsaved text: what it was before the user began to type. VS Code does not say this, and it
 * is what a merge needs once somebody else has written the file.
 */
export class UnsavedTexts implements Disposable {
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<vscode.TextDocument>())
  /** The text of editors that were in sight while they had nothing unsaved. */
  readonly #clean = new WeakMap<vscode.TextDocument, string>()
  readonly #timers = new WeakMap<vscode.TextDocument, NodeJS.Timeout>()
  readonly #bases = new Map<vscode.TextDocument, Promise<string | undefined>>()
  readonly #onDidRecall = this.#store.add(new Emitter<vscode.TextDocument>())
  readonly #remembered: RememberedTexts
  readonly #saved = new Map<string, { readonly text: string; readonly time: number }>()
  /** A file got unsaved text, more of it, or none any more. */
  readonly onDidChange = this.#onDidChange.event
  /** Unsaved text came back with the window; its file may have been written meanwhile. */
  readonly onDidRecall = this.#onDidRecall.event

  constructor(remembered: RememberedTexts) {
    this.#remembered = remembered
    const { workspace, window } = vscode
    this.#store.add(workspace.onDidChangeTextDocument(({ document }) => this.#changed(document)))
    this.#store.add(workspace.onDidSaveTextDocument((document) => this.#savedNow(document)))
    this.#store.add(workspace.onDidCloseTextDocument((document) => this.#forget(document)))
    this.#store.add(
      window.onDidChangeVisibleTextEditors((editors) =>
        editors.forEach(({ document }) => this.look(document)),
      ),
    )
    for (const { document } of window.visibleTextEditors) this.look(document)
    for (const document of workspace.textDocuments) if (document.isDirty) this.#changed(document)
  }

  /** Files with unsaved text that are open now. */
  get documents(): readonly vscode.TextDocument[] {
    return vscode.workspace.textDocuments.filter(
      ({ isDirty, isClosed, uri }) => isDirty && !isClosed && uri.scheme === 'file',
    )
  }

  /** What the user's text of a file grew from; undefined for a file that was not there. */
  async baseOf(document: vscode.TextDocument): Promise<string | undefined> {
    return this.#bases.get(document) ?? diskText(document.uri)
  }

  /** What was saved in the last minute: an edit that was on its way meanwhile does not know of it. */
  savedLately(uri: vscode.Uri): string | undefined {
    const saved = this.#saved.get(uri.toString())
    return saved && Date.now() - saved.time < lately ? saved.text : undefined
  }

  /** Takes the text of a document without unsaved changes as the one that the next changes begin with. */
  look(document: vscode.TextDocument): void {
    if (document.isClosed || document.isDirty || document.uri.scheme !== 'file') return
    const text = document.getText()
    if (text.length <= largestKept) this.#clean.set(document, text)
    else this.#clean.delete(document)
    this.#remembered.delete(keyOf(document))
  }

  dispose(): void {
    this.#store.dispose()
    this.#bases.clear()
  }

  #savedNow(document: vscode.TextDocument): void {
    const [now, text] = [Date.now(), document.getText()]
    for (const [key, { time }] of this.#saved) if (now - time >= lately) this.#saved.delete(key)
    if (text.length <= largestKept) this.#saved.set(document.uri.toString(), { text, time: now })
    this.#changed(document)
  }

  #changed(document: vscode.TextDocument): void {
    if (document.uri.scheme !== 'file') return
    if (!document.isDirty) {
      this.#forget(document)
      clearTimeout(this.#timers.get(document))
      this.#timers.set(
        document,
        setTimeout(() => this.look(document), settleMs),
      )
    } else if (!this.#bases.has(document)) {
      this.#bases.set(document, this.#begin(document))
    }
    this.#onDidChange.fire(document)
  }

  async #begin(document: vscode.TextDocument): Promise<string | undefined> {
    const clean = this.#clean.get(document)
    const recalled = clean === undefined ? this.#remembered.get(keyOf(document)) : undefined
    if (typeof recalled === 'string') {
      setTimeout(() => this.#onDidRecall.fire(document))
      return recalled
    }
    const base = clean ?? (await diskText(document.uri))
    if (base !== undefined && base.length <= largestKept && document.isDirty) {
      this.#remembered.set(keyOf(document), base)
    }
    return base
  }

  #forget(document: vscode.TextDocument): void {
    this.#bases.delete(document)
    this.#remembered.delete(keyOf(document))
  }
}

function keyOf({ uri }: vscode.TextDocument): string {
  return `base:${uri.toString()}`
}
