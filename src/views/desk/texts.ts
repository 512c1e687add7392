import { sep } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import { knownFolders } from '../../platform/folders.ts'

const largestText = 20 * 1024 * 1024

/** The URI under which editors know a file that the server names by its real path. */
export function editorUri(path: string): vscode.Uri {
  for (const { directory, uri } of knownFolders()) {
    const isBehindLink = directory !== uri.fsPath && path.startsWith(directory + sep)
    if (isBehindLink) return vscode.Uri.joinPath(uri, path.slice(directory.length + 1))
  }
  return vscode.Uri.file(path)
}

export function openDocument(uri: vscode.Uri): vscode.TextDocument | undefined {
  const key = uri.toString()
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === key)
}

/** The text on the disk, in the encoding of its editor; undefined where there is no such file, or a huge one. */
export async function diskText(uri: vscode.Uri): Promise<string | undefined> {
  const encoding = openDocument(uri)?.encoding
  try {
    const { size } = await vscode.workspace.fs.stat(uri)
    if (size > largestText) return undefined
    const bytes = await vscode.workspace.fs.readFile(uri)
    return await (encoding === undefined
      ? vscode.workspace.decode(bytes, { uri })
      : vscode.workspace.decode(bytes, { encoding }))
  } catch {
    return undefined
  }
}

/** What the user has in front of them: the open document, saved or not, else the file. */
export async function currentText(uri: vscode.Uri): Promise<string | undefined> {
  return openDocument(uri)?.getText() ?? diskText(uri)
}

/**
 * Makes a document hold this text, by the smallest edit, so that the cursor stays. It is not saved.
 *
 * @throws OpencodeError `conflict` when the editor refuses, e.g. because it was changed at the same moment
 */
export async function replaceText(document: vscode.TextDocument, text: string): Promise<void> {
  const before = document.getText()
  if (before === text) return
  const { start, end, insert } = difference(before, text)
  const edit = new vscode.WorkspaceEdit()
  const range = new vscode.Range(document.positionAt(start), document.positionAt(end))
  edit.replace(document.uri, range, insert)
  if (!(await vscode.workspace.applyEdit(edit))) throw refused(document.uri)
}

/**
 * Writes a file through its editor, so that encoding and line ends stay.
 *
 * @throws OpencodeError `conflict` when it cannot be saved
 */
export async function writeText(uri: vscode.Uri, text: string): Promise<void> {
  if ((await diskText(uri)) === undefined && !openDocument(uri)) {
    await vscode.workspace.fs.writeFile(uri, await vscode.workspace.encode(text, { uri }))
    return
  }
  const document = await vscode.workspace.openTextDocument(uri)
  await replaceText(document, text)
  if (document.isDirty && !(await document.save())) throw refused(uri)
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
