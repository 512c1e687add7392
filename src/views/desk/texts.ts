import { relative } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import { knownFolders } from '../../platform/folders.ts'
import { decodeText } from '../../review/textForm.ts'
import { isWithin } from '../../util/paths.ts'
import { readsAsUtf8 } from './serverEdit.ts'

const largestText = 20 * 1024 * 1024
/** Stands for bytes that are no character of the encoding. */
export const unreadable = '\ufffd'

/** The URI under which editors know a file that the server names by its real path. */
export function editorUri(path: string): vscode.Uri {
  for (const { directory, uri } of knownFolders()) {
    const isBehindLink = directory !== uri.fsPath && isWithin(path, directory)
    if (isBehindLink) return vscode.Uri.joinPath(uri, relative(directory, path))
  }
  return vscode.Uri.file(path)
}

/** The document of a file; also one that is still untitled and will be saved there. */
export function openDocument(uri: vscode.Uri): vscode.TextDocument | undefined {
  const keys = new Set([uri.toString(), uri.with({ scheme: 'untitled' }).toString()])
  const open = vscode.workspace.textDocuments.filter((document) => keys.has(document.uri.toString()))
  return open.find(({ isUntitled }) => !isUntitled) ?? open.find(({ isDirty }) => isDirty)
}

/** What stands in a file. */
export interface FileText {
  readonly bytes: Uint8Array
  readonly text: string
  /** VS Code's name of the encoding, where VS Code would not find out itself. */
  readonly encoding?: string
}

/** The file on the disk, in the encoding of its editor; undefined where there is no such file, or a huge one. */
export async function readFile(uri: vscode.Uri): Promise<FileText | undefined> {
  try {
    const { size } = await vscode.workspace.fs.stat(uri)
    if (size > largestText) return undefined
    const bytes = await vscode.workspace.fs.readFile(uri)
    return await readBytes(bytes, uri)
  } catch {
    return undefined
  }
}

/** The text of `readFile`. */
export async function diskText(uri: vscode.Uri): Promise<string | undefined> {
  return (await readFile(uri))?.text
}

async function readBytes(bytes: Uint8Array, uri: vscode.Uri): Promise<FileText> {
  const document = openDocument(uri)
  const text = await (document
    ? vscode.workspace.decode(bytes, { encoding: encodingOf(bytes, document) })
    : vscode.workspace.decode(bytes, { uri }))
  if (readsAsUtf8(bytes) || !text.includes(unreadable) || document?.isDirty === true) return { bytes, text }
  const plain = decodeText(bytes)
  return plain?.form === 'latin1' ? { bytes, text: plain.text, encoding: 'iso88591' } : { bytes, text }
}

/** OpenCode writes UTF-8 into every file, whatever its editor took it for. */
function encodingOf(bytes: Uint8Array, { encoding }: vscode.TextDocument): string {
  if (encoding.startsWith('utf8') || !readsAsUtf8(bytes)) return encoding
  return encoding.startsWith('utf16') || bytes.some((byte) => byte > 0x7f) ? 'utf8' : encoding
}

/** What the user has in front of them: unsaved text, else the file. */
export async function currentText(uri: vscode.Uri): Promise<string | undefined> {
  const document = openDocument(uri)
  return document?.isDirty === true ? document.getText() : diskText(uri)
}

/**
 * Makes a document hold this text, by the smallest edit, so that the cursor stays. It is not saved.
 *
 * @throws OpencodeError `conflict` when the editor refuses, e.g. because it was changed at the same moment
 */
export async function replaceText(document: vscode.TextDocument, text: string): Promise<void> {
  const before = document.getText()
  if (before === text) return
  // An edit takes over the line ends of its document, so those are changed by themselves.
  const { start, end, insert } = difference(before, withLineEnds(text, document.eol))
  const range = new vscode.Range(document.positionAt(start), document.positionAt(end))
  const eol = lineEndsOf(text) ?? document.eol
  const edit = new vscode.WorkspaceEdit()
  edit.set(document.uri, [
    ...(start < end || insert !== '' ? [vscode.TextEdit.replace(range, insert)] : []),
    ...(eol === document.eol ? [] : [vscode.TextEdit.setEndOfLine(eol)]),
  ])
  if (!(await vscode.workspace.applyEdit(edit))) throw refused(document.uri)
}

function lineEndsOf(text: string): vscode.EndOfLine | undefined {
  if (!text.includes('\n')) return undefined
  return text.includes('\r\n') ? vscode.EndOfLine.CRLF : vscode.EndOfLine.LF
}

function withLineEnds(text: string, eol: vscode.EndOfLine): string {
  return text.replaceAll(/\r?\n/g, eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n')
}

/**
 * Writes a file through its editor, so that encoding and line ends stay.
 *
 * @param encoding see `FileText`
 * @throws OpencodeError `conflict` when it cannot be saved
 */
export async function writeText(uri: vscode.Uri, text: string, encoding?: string): Promise<void> {
  const open = openDocument(uri)
  if (!open && (await diskText(uri)) === undefined) {
    await vscode.workspace.fs.writeFile(uri, await vscode.workspace.encode(text, { uri }))
    return
  }
  const isOther = encoding !== undefined && open?.isDirty !== true
  const document = open?.isUntitled
    ? open
    : await vscode.workspace.openTextDocument(uri, isOther ? { encoding } : undefined)
  await replaceText(document, text)
  if (document.isDirty && !(await document.save())) throw refused(uri)
}

/**
 * Moves a file without unsaved text as the server does: nothing else is changed along. Its editor shows the file at
 * its new place.
 */
export async function moveText(from: vscode.Uri, to: vscode.Uri): Promise<void> {
  await vscode.workspace.fs.rename(from, to, { overwrite: false })
  for (const { group, isActive, isPreview } of tabsOf(from)) {
    const place = { viewColumn: group.viewColumn, preview: isPreview, preserveFocus: true }
    if (isActive) await vscode.window.showTextDocument(to, place)
  }
  const left = tabsOf(from)
  if (left.length > 0) await vscode.window.tabGroups.close(left, true)
}

function tabsOf(uri: vscode.Uri): readonly vscode.Tab[] {
  const key = uri.toString()
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === key)
}

export function refused(uri: vscode.Uri): OpencodeError {
  const name = vscode.workspace.asRelativePath(uri)
  return new OpencodeError(
    'conflict',
    vscode.l10n.t('{0} could not be changed. Save it and try again.', name),
  )
}

function difference(before: string, after: string): { start: number; end: number; insert: string } {
  const limit = Math.min(before.length, after.length)
  let start = 0
  while (start < limit && before[start] === after[start]) start++
  // A line end of two characters, or a character of two units, must not be split.
  if (start > 0 && /[\r\ud800-\udbff]/.test(before[start - 1] ?? '')) start--
  let tail = 0
  while (tail < limit - start && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  if (tail > 0 && /[\n\udc00-\udfff]/.test(before.at(-tail) ?? '')) tail--
  return { start, end: before.length - tail, insert: after.slice(start, after.length - tail) }
}
