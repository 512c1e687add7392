import { basename } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import { placeCode, putCode } from '../../prompt/placeCode.ts'
import type { CodePlace } from '../../prompt/placeCode.ts'
import { setContextKey } from '../../platform/contextKeys.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { DiffDocuments } from '../diffDocuments.ts'
import { knownFile } from '../links.ts'

/** Puts code in the place of the selection of the editor that was used last. */
export async function insertCode(code: string): Promise<void> {
  const editor = needEditor()
  const isDone = await editor.edit((edit) => {
    for (const selection of editor.selections) edit.replace(selection, code)
  })
  if (!isDone) {
    const name = basename(editor.document.uri.path)
    throw new OpencodeError('conflict', vscode.l10n.t('{0} cannot be changed. Is it read-only?', name))
  }
  await vscode.window.showTextDocument(editor.document, editor.viewColumn)
}

/** Opens code as an untitled document of its language. */
export async function openCode(code: string, lang: string): Promise<void> {
  const language = await languageOf(lang)
  const document = await vscode.workspace.openTextDocument({
    content: `${code}\n`,
    ...(language === undefined ? {} : { language }),
  })
  await vscode.window.showTextDocument(document)
}

interface ApplyRequest {
  readonly code: string
  /** The file that the model named, as it wrote it. */
  readonly path: string | undefined
  readonly directory: string
}

interface Proposal {
  readonly document: vscode.TextDocument
  readonly version: number
  readonly place: CodePlace
  readonly after: string
}

/**
 * Code on its way into files: shown as a diff, applied by the button above it, forgotten when the diff is
 * closed. A change stays unsaved, so that one undo takes it back.
 */
export class CodeProposals implements Disposable {
  readonly #documents: DiffDocuments
  /** By the URI of the side that shows the result. */
  readonly #proposals = new Map<string, Proposal>()
  readonly #subscription: Disposable

  constructor(documents: DiffDocuments) {
    this.#documents = documents
    this.#subscription = vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
      for (const { input } of closed) {
        if (input instanceof vscode.TabInputTextDiff) this.#forget(input.modified)
      }
    })
  }

  /** Shows what the code would make of a file, beside the file as it is. */
  async show({ code, path, directory }: ApplyRequest): Promise<void> {
    const document = path === undefined ? needEditor().document : await openNamed(path, directory)
    const editor = vscode.window.visibleTextEditors.find((each) => each.document === document)
    const before = document.getText()
    const place = placeCode(before, code, selectionOf(editor))
    const after = putCode(before, code, place)
    if (after === before) {
      const name = basename(document.uri.path)
      void vscode.window.showInformationMessage(vscode.l10n.t('{0} holds this code already.', name))
      return
    }
    const result = await this.#documents.openResult(document.uri, after, wordsOf(place))
    this.#proposals.set(result.toString(), { document, version: document.version, place, after })
    this.#changed()
  }

  /** Puts the code that a diff shows into its file. */
  async apply(result: vscode.Uri | undefined): Promise<void> {
    const proposal = this.#find(result)
    const { document, version, place, after } = proposal
    if (document.isClosed || document.version !== version) {
      const name = basename(document.uri.path)
      throw new OpencodeError(
        'conflict',
        vscode.l10n.t('{0} was changed meanwhile. Apply the code from the chat again.', name),
      )
    }
    await this.discard(result)
    await replaceText(document, place, after)
  }

  /** Closes the diff; the file stays as it is. */
  async discard(result: vscode.Uri | undefined): Promise<void> {
    const key = this.#keyOf(this.#find(result))
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs)
    const own = tabs.filter(
      ({ input }) => input instanceof vscode.TabInputTextDiff && input.modified.toString() === key,
    )
    if (own.length > 0) await vscode.window.tabGroups.close(own)
    this.#proposals.delete(key)
    this.#changed()
  }

  dispose(): void {
    this.#subscription.dispose()
    this.#proposals.clear()
  }

  /** The one that is shown there; without a URI (a command of the palette) the newest. */
  #find(result: vscode.Uri | undefined): Proposal {
    const proposal =
      (result && this.#proposals.get(result.toString())) ?? [...this.#proposals.values()].at(-1)
    if (proposal) return proposal
    throw new OpencodeError('not-found', vscode.l10n.t('No code from the chat is waiting to be applied.'))
  }

  #keyOf(proposal: Proposal): string {
    return [...this.#proposals].find(([, each]) => each === proposal)?.[0] ?? ''
  }

  #forget(result: vscode.Uri): void {
    if (this.#proposals.delete(result.toString())) this.#changed()
  }

  #changed(): void {
    setContextKey('isApplyingCode', this.#proposals.size > 0)
  }
}

async function replaceText(document: vscode.TextDocument, place: CodePlace, after: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit()
  const end = document.lineAt(document.lineCount - 1).range.end
  edit.replace(document.uri, new vscode.Range(new vscode.Position(0, 0), end), after)
  await vscode.workspace.applyEdit(edit)
  const start = new vscode.Position(place.start, 0)
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(start, start) })
}

function selectionOf(editor: vscode.TextEditor | undefined): Parameters<typeof placeCode>[2] {
  if (!editor) return { cursor: Number.MAX_SAFE_INTEGER }
  const { start, end, isEmpty, active } = editor.selection
  if (isEmpty) return { cursor: active.line }
  // A selection that ends before the first character of a line does not hold that line.
  const last = end.character === 0 && end.line > start.line ? end.line : end.line + 1
  return { cursor: active.line, selection: { start: start.line, end: last } }
}

function wordsOf({ how }: CodePlace): string {
  switch (how) {
    case 'selection':
      return vscode.l10n.t('in the place of the selection')
    case 'same-lines':
      return vscode.l10n.t('in the place of the marked lines')
    case 'whole-file':
      return vscode.l10n.t('in the place of the whole text')
    case 'cursor':
      return vscode.l10n.t('at the cursor')
  }
}

function needEditor(): vscode.TextEditor {
  const editor =
    vscode.window.activeTextEditor ??
    vscode.window.visibleTextEditors.find(({ document }) => document.uri.scheme !== 'output')
  if (editor) return editor
  throw new OpencodeError('not-found', vscode.l10n.t('Open the file that the code is for, and try again.'))
}

async function openNamed(path: string, directory: string): Promise<vscode.TextDocument> {
  const uri = await knownFile(path, directory)
  if (!uri) throw new OpencodeError('aborted', vscode.l10n.t('Cancelled.'))
  return vscode.workspace.openTextDocument(uri)
}

/** VS Code's name of a language that a model wrote behind a fence. */
async function languageOf(lang: string): Promise<string | undefined> {
  const wanted = lang.toLowerCase()
  const known = await vscode.languages.getLanguages()
  return known.find((id) => id === wanted) ?? aliases[wanted]
}

const aliases: Readonly<Record<string, string>> = {
  bash: 'shellscript',
  cjs: 'javascript',
  console: 'shellscript',
  cs: 'csharp',
  docker: 'dockerfile',
  js: 'javascript',
  jsx: 'javascriptreact',
  kt: 'kotlin',
  md: 'markdown',
  mjs: 'javascript',
  ps1: 'powershell',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  sh: 'shellscript',
  shell: 'shellscript',
  ts: 'typescript',
  tsx: 'typescriptreact',
  yml: 'yaml',
  zsh: 'shellscript',
}
