import { basename } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import { placeCode, putCode } from '../../prompt/placeCode.ts'
import type { CodePlace } from '../../prompt/placeCode.ts'
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
  readonly documents: DiffDocuments
}

/**
 * Shows what the code would make of a file, beside the file as it is, and changes it when the user agrees.
 * The change stays unsaved, so that one undo takes it back.
 */
export async function applyCode({ code, path, directory, documents }: ApplyRequest): Promise<void> {
  const document = path === undefined ? needEditor().document : await openNamed(path, directory)
  const editor = vscode.window.visibleTextEditors.find((each) => each.document === document)
  const before = document.getText()
  const version = document.version
  const place = placeCode(before, code, selectionOf(editor))
  const after = putCode(before, code, place)
  const name = basename(document.uri.path)
  if (after === before) {
    void vscode.window.showInformationMessage(vscode.l10n.t('{0} holds this code already.', name))
    return
  }
  await documents.openResult(document.uri, after)
  const apply = vscode.l10n.t('Apply')
  const question = vscode.l10n.t('{0} in {1}?', wordsOf(place), name)
  const isAgreed = (await vscode.window.showInformationMessage(question, apply, discard())) === apply
  await documents.closeResult(document.uri)
  if (!isAgreed) return
  if (document.version !== version) {
    throw new OpencodeError(
      'conflict',
      vscode.l10n.t('{0} was changed meanwhile. Apply the code again.', name),
    )
  }
  await replaceLines(document, place, after)
}

async function replaceLines(document: vscode.TextDocument, place: CodePlace, after: string): Promise<void> {
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
      return vscode.l10n.t('Replace the selected lines')
    case 'same-lines':
      return vscode.l10n.t('Replace the marked lines')
    case 'whole-file':
      return vscode.l10n.t('Replace the whole text')
    case 'cursor':
      return vscode.l10n.t('Insert at the cursor')
  }
}

function discard(): string {
  return vscode.l10n.t('Discard')
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
