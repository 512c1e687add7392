import { basename } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError, toErrorInfo } from '../../opencode/errors.ts'
import type { ConflictAnswer, FileConflict } from '../../protocol/desk.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { isWithin } from '../../util/paths.ts'
import type { Backend, Backends } from '../backend/backends.ts'
import type { DiffDocuments } from '../diffDocuments.ts'
import { followBackends } from '../backend/followBackends.ts'
import { mergeLabels } from './proposals.ts'
import type { TextBackups } from './textBackups.ts'
import { hasSameLines, mergeTexts } from './textMerge.ts'
import { diskText, editorUri, openDocument, refused, replaceText } from './texts.ts'
import type { UnsavedTexts } from './unsavedTexts.ts'

export interface ConflictsOptions {
  readonly backends: Backends
  readonly unsaved: UnsavedTexts
  readonly backups: TextBackups
  readonly documents: DiffDocuments
  readonly log: { warn(message: string): void }
}

/**
 * Files that an agent wrote while an editor holds unsaved text of them. VS Code keeps that text and says nothing
 * until it is saved; we say so at once, and offer to join the two.
 */
export class EditConflicts implements Disposable {
  readonly #options: ConflictsOptions
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<FileConflict | undefined>())
  readonly #conflicts = new Map<vscode.TextDocument, FileConflict>()
  /** Fires with a conflict that is new, or with nothing when one is gone. */
  readonly onDidChange = this.#onDidChange.event

  constructor(options: ConflictsOptions) {
    this.#options = options
    const { backends, unsaved } = options
    this.#store.add(followBackends(backends, (backend) => this.#join(backend)))
    this.#store.add(unsaved.onDidChange((document) => document.isDirty || this.#drop(document)))
    this.#store.add(unsaved.onDidRecall((document) => void this.check([document])))
    this.#store.add(vscode.workspace.onDidCloseTextDocument((document) => this.#drop(document)))
  }

  /** Those of files in a directory. */
  in(directory: string): readonly FileConflict[] {
    return [...this.#conflicts.values()].filter(({ path }) => isWithin(path, directory))
  }

  /** Looks whether files with unsaved text were written by somebody else. */
  async check(documents: readonly vscode.TextDocument[]): Promise<void> {
    await Promise.all(documents.map((document) => this.#check(document)))
  }

  /** @throws OpencodeError `not-found`, `conflict` */
  async answer(path: string, how: ConflictAnswer): Promise<void> {
    const document = openDocument(editorUri(path))
    if (!document?.isDirty) {
      if (document) this.#drop(document)
      throw new OpencodeError('not-found', vscode.l10n.t('{0} has no unsaved text any more.', basename(path)))
    }
    const theirs = await diskText(document.uri)
    if (theirs === undefined) return this.#answerGone(document, how)
    if (how === 'compare') {
      const name = vscode.l10n.t('{0} (as OpenCode wrote it ↔ yours, unsaved)', basename(path))
      return this.#options.documents.openBeside(theirs, document.uri, name)
    }
    const base = (await this.#options.unsaved.baseOf(document)) ?? ''
    const { encoding } = document
    const mine = await this.#takeTheirs(document)
    const written = (await diskText(document.uri)) ?? theirs
    if (how === 'theirs') return showAs(document, written)
    // What was typed may need the encoding that the file had before it was written.
    if (document.encoding !== encoding) await vscode.workspace.openTextDocument(document.uri, { encoding })
    if (how === 'mine') return replaceText(document, mine)
    const { text, conflicts } = mergeTexts({ base, mine, theirs: written }, mergeLabels())
    await replaceText(document, text)
    if (conflicts > 0) await revealFirstMark(document)
  }

  dispose(): void {
    this.#store.dispose()
    this.#conflicts.clear()
  }

  #join({ hub }: Backend): Disposable {
    const store = new DisposableStore()
    const { unsaved } = this.#options
    store.add(
      hub.onDidEditFile(({ path }) => {
        const uri = editorUri(path)
        const key = uri.toString()
        void this.#keepSaved(uri)
        void this.check(unsaved.documents.filter(({ uri }) => uri.toString() === key))
      }),
    )
    // Commands write files without telling of them.
    store.add(hub.news.onDidEndRun(() => void this.check(unsaved.documents)))
    return store
  }

  /** Text that was saved a moment before may be gone with the edit, e.g. with auto save. */
  async #keepSaved(uri: vscode.Uri): Promise<void> {
    const { unsaved } = this.#options
    const saved = unsaved.savedLately(uri)
    if (saved === undefined || hasSameLines(saved, (await diskText(uri)) ?? '')) return
    await this.#tryKeep(uri.fsPath, saved)
  }

  async #check(document: vscode.TextDocument): Promise<void> {
    const [base, now] = await Promise.all([this.#options.unsaved.baseOf(document), diskText(document.uri)])
    if (!document.isDirty || base === undefined) return
    if (now !== undefined && (hasSameLines(now, base) || hasSameLines(now, document.getText()))) return
    const path = document.uri.fsPath
    await this.#tryKeep(path, document.getText())
    if (this.#conflicts.has(document) || !isStillDirty(document)) return
    const conflict: FileConflict = now === undefined ? { path, isGone: true } : { path }
    this.#conflicts.set(document, conflict)
    this.#onDidChange.fire(conflict)
  }

  /** Nothing is replaced yet, so a disk that is full keeps nobody from hearing of a conflict. */
  async #tryKeep(path: string, text: string): Promise<void> {
    try {
      await this.#options.backups.keep(path, text)
    } catch (error) {
      this.#options.log.warn(`desk: a copy of unsaved text could not be kept (${toErrorInfo(error).code})`)
    }
  }

  async #answerGone(document: vscode.TextDocument, how: ConflictAnswer): Promise<void> {
    if (how === 'theirs') {
      await this.#options.backups.keep(document.uri.fsPath, document.getText())
      await vscode.window.showTextDocument(document, { preview: false })
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor')
    } else if (!(await document.save())) throw refused(document.uri)
    this.#drop(document)
  }

  #drop(document: vscode.TextDocument): void {
    if (this.#conflicts.delete(document)) this.#onDidChange.fire(undefined)
  }

  /**
   * Makes the editor hold what stands on the disk, so that saving is possible again. Gives the text that was in it
   * to the last key: VS Code undoes the change with "Undo" as well.
   */
  async #takeTheirs(document: vscode.TextDocument): Promise<string> {
    let mine = document.getText()
    await this.#options.backups.keep(document.uri.fsPath, mine)
    const typing = vscode.workspace.onDidChangeTextDocument((event) => {
      if (event.document === document && document.isDirty) mine = document.getText()
    })
    try {
      await vscode.window.showTextDocument(document, { preview: false })
      await vscode.commands.executeCommand('workbench.action.files.revert')
      if (document.isDirty) throw refused(document.uri)
      this.#options.unsaved.look(document)
      await this.#options.backups.keep(document.uri.fsPath, mine)
      return mine
    } finally {
      typing.dispose()
    }
  }
}

/** OpenCode wrote UTF-8; an editor with another encoding shows something else. */
async function showAs(document: vscode.TextDocument, theirs: string): Promise<void> {
  if (hasSameLines(document.getText(), theirs)) return
  await vscode.workspace.openTextDocument(document.uri, { encoding: 'utf8' })
}

/** Asked anew after something was waited for. */
function isStillDirty({ isDirty }: vscode.TextDocument): boolean {
  return isDirty
}

async function revealFirstMark(document: vscode.TextDocument): Promise<void> {
  const at = document.positionAt(Math.max(0, document.getText().indexOf(`<<<<<<< ${mergeLabels().mine}`)))
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at), preview: false })
}
