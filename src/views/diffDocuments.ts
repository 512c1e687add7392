import { basename } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import type { FileChange } from '../session/model.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'
import { sidesOfDone, sidesOfProposed } from './patches.ts'
import type { ChangeSides } from './patches.ts'

export const diffScheme = 'opencode-diff'
const outputScheme = 'opencode-output'
const keptDocuments = 100

/** A change with the absolute path of its file. */
export interface PlacedChange {
  readonly path: string
  readonly change: FileChange
  /** What stands behind the name of the file; default: that OpenCode changed it. */
  readonly what?: string
}

/** A file whose text is about to change; undefined stands for no file. */
export interface ChangeToShow {
  /** Absolute. */
  readonly path: string
  readonly now: string | undefined
  readonly then: string | undefined
}

/** Read-only documents for the sides of changes and for long outputs; shown by VS Code's own editors. */
export class DiffDocuments implements Disposable {
  readonly #contents = new Map<string, string>()
  readonly #store = new DisposableStore()
  #lastID = 0

  constructor() {
    const provider: vscode.TextDocumentContentProvider = {
      provideTextDocumentContent: (uri) =>
        this.#contents.get(uri.toString()) ??
        vscode.l10n.t('This text is not kept any more. Open it from the chat again.'),
    }
    for (const scheme of [diffScheme, outputScheme]) {
      this.#store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, provider))
    }
  }

  /** Opens a change that is on the disk: the file as it was, beside the file as it is. */
  async openDone({ path, change, what }: PlacedChange): Promise<void> {
    const current = (await readCurrent(path)) ?? ''
    const sides = this.#need(change.patch, current, sidesOfDone)
    const right =
      sides.isWhole && change.status !== 'deleted'
        ? vscode.Uri.file(path)
        : this.#put(diffScheme, path, sides.after)
    await this.#show(
      this.#put(diffScheme, path, sides.before),
      right,
      title(path, sides, what ?? vscode.l10n.t('changed by OpenCode')),
    )
  }

  /** Opens a change that waits for permission: the file as it is, beside the file as it would become. */
  async openProposed(path: string, patch: string): Promise<void> {
    const current = await readCurrent(path)
    const sides = this.#need(patch, current ?? '', sidesOfProposed)
    const left =
      sides.isWhole && current !== undefined
        ? vscode.Uri.file(path)
        : this.#put(diffScheme, path, sides.before)
    await this.#show(
      left,
      this.#put(diffScheme, path, sides.after),
      title(path, sides, vscode.l10n.t('proposed by OpenCode')),
    )
  }

  /** The side of a file that is not there. */
  empty(path: string): vscode.Uri {
    return this.#put(diffScheme, path, '')
  }

  /** Opens a text beside the document that is to be compared with it, which stays editable. */
  async openBeside(text: string, uri: vscode.Uri, name: string): Promise<void> {
    await this.#show(this.#put(diffScheme, uri.fsPath, text), uri, name)
  }

  /** Opens what a document would become beside what it is; gives the URI of the side that shows it. */
  async openResult(uri: vscode.Uri, after: string, how: string): Promise<vscode.Uri> {
    const result = this.#put(diffScheme, uri.path, after)
    await this.#show(uri, result, vscode.l10n.t('{0} (code of the chat {1})', basename(uri.path), how))
    return result
  }

  /** Opens several changes in one editor: each file as it is, beside what it would become. Undefined: no file. */
  async openMany(name: string, changes: readonly ChangeToShow[]): Promise<void> {
    const resources = changes.map(({ path, now, then }) => [
      vscode.Uri.file(path),
      now === undefined ? undefined : this.#put(diffScheme, path, now),
      then === undefined ? undefined : this.#put(diffScheme, path, then),
    ])
    await vscode.commands.executeCommand('vscode.changes', name, resources)
  }

  /** Closes what `openMany` opened under a name; VS Code adds the number of files to it. */
  async closeMany(name: string): Promise<void> {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs)
    const own = tabs.filter(({ label }) => label === name || label.startsWith(`${name} (`))
    if (own.length > 0) await vscode.window.tabGroups.close(own)
  }

  async openText(name: string, text: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.#put(outputScheme, name, text))
    await vscode.window.showTextDocument(document, { preview: true })
  }

  dispose(): void {
    this.#store.dispose()
    this.#contents.clear()
  }

  #need(
    patch: string | undefined,
    current: string,
    read: (patch: string, current: string) => ChangeSides | undefined,
  ): ChangeSides {
    const sides = patch === undefined ? undefined : read(patch, current)
    if (sides) return sides
    throw new OpencodeError('not-found', vscode.l10n.t('The server did not say what changed in this file.'))
  }

  /** The number keeps the sides of two changes of one file apart; the path gives the language. */
  #put(scheme: string, path: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({
      scheme,
      path: path.startsWith('/') ? path : `/${path}`,
      query: String(++this.#lastID),
    })
    this.#contents.set(uri.toString(), text)
    const oldest = this.#contents.size > keptDocuments ? this.#contents.keys().next().value : undefined
    if (oldest !== undefined) this.#contents.delete(oldest)
    return uri
  }

  async #show(left: vscode.Uri, right: vscode.Uri, name: string): Promise<void> {
    await vscode.commands.executeCommand('vscode.diff', left, right, name, { preview: true })
  }
}

/** The unsaved text of a document, else the file, which documents follow a moment late; undefined when there is none. */
async function readCurrent(path: string): Promise<string | undefined> {
  const uri = vscode.Uri.file(path)
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString())
  if (open?.isDirty === true) return open.getText()
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri))
  } catch {
    return undefined
  }
}

function title(path: string, sides: ChangeSides, what: string): string {
  const name = basename(path)
  return sides.isWhole
    ? vscode.l10n.t('{0} ({1})', name, what)
    : vscode.l10n.t('{0} ({1}; the changed places only)', name, what)
}
