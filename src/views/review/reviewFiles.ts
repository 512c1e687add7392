import { lstat, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import { filePath } from '../../platform/folders.ts'
import { bytesOf, contentOf, sameContent } from '../../review/content.ts'
import type { Content } from '../../review/content.ts'
import { changesBetween, splitLines } from '../../review/lines.ts'
import { editorUri } from '../desk/texts.ts'

/** The document of a file, if one is open. */
export function openDocument(path: string): vscode.TextDocument | undefined {
  const wanted = editorUri(path).toString()
  return vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === wanted)
}

/** What the user sees of a file: the unsaved text of an editor, else the bytes on the disk. */
export async function contentNow(path: string): Promise<Content> {
  const document = openDocument(path)
  return document?.isDirty === true ? contentShown(document) : contentOnDisk(path)
}

/** The text of an editor, whether it is saved or not; a document hears late that it is not. */
export async function contentShown(document: vscode.TextDocument): Promise<Content> {
  const lines = splitLines(document.getText())
  const onDisk = await contentOnDisk(filePath(document.uri))
  return { kind: 'text', lines, form: onDisk.kind === 'text' ? onDisk.form : 'utf8' }
}

/** The bytes of a file; what is no plain file counts as missing. */
export async function bytesOnDisk(path: string): Promise<Buffer | undefined> {
  try {
    return (await lstat(path)).isFile() ? await readFile(path) : undefined
  } catch {
    return undefined
  }
}

async function contentOnDisk(path: string): Promise<Content> {
  return contentOf(await bytesOnDisk(path))
}

/** Told of what was written past the editors; saves of editors are seen by themselves. */
export type OnWrite = (
  path: string,
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
) => Promise<void>

export interface ContentChange {
  readonly now: Content
  readonly wanted: Content
  /** Then only tabs of its own count as open; an editor of many files follows what is written. */
  readonly isOneOfMany?: boolean
}

/**
 * Makes a file what it should be. An open one is edited, so that the editor's own undo takes it back; it is saved if
 * nothing else in it was unsaved. In the end the bytes on the disk are exactly those asked for, unless the user has
 * unsaved text in the editor, which is never saved for them.
 * @throws OpencodeError `conflict` when the file is no longer what `now` says, its editor cannot be edited so, or it
 * cannot be written
 */
export async function writeContent(
  path: string,
  { now, wanted, isOneOfMany = false }: ContentChange,
  onWrite: OnWrite,
): Promise<void> {
  if (sameContent(now, wanted)) return
  const document = openDocument(path)
  if (document?.isDirty === true) {
    if (showsContent(document, now) && (await editDocument(document, wanted))) return
    throw new OpencodeError(
      'conflict',
      vscode.l10n.t('{0} has unsaved changes. Save or revert them, then try again.', basename(path)),
    )
  }
  const isSaved =
    document !== undefined && isInEditor(document, isOneOfMany) && (await saveEdit(document, now, wanted))
  const found = await bytesOnDisk(path)
  const bytes = bytesOf(wanted)
  // Line ends, encodings and what runs on save are the editor's business; the bytes are ours.
  if (isSame(found, bytes)) return
  if (!isSaved && !isSame(found, bytesOf(now)))
    throw new OpencodeError('conflict', vscode.l10n.t('{0} was changed just now. Try again.', basename(path)))
  await replaceFile(path, found, bytes)
  await onWrite(path, found, bytes)
}

/** A write that fails in the middle, on a full disk, leaves what was there. */
async function replaceFile(
  path: string,
  found: Buffer | undefined,
  bytes: Buffer | undefined,
): Promise<void> {
  try {
    // A link that stands in its place would have the file behind it written.
    if (!bytes || (await isLink(path))) await rm(path, { force: true })
    if (!bytes) return
    await mkdir(dirname(path), { recursive: true })
    if (found) await overwriteFile(path, found, bytes)
    else await writeFile(path, bytes, { flag: 'wx' })
  } catch (error) {
    throw new OpencodeError('conflict', whyNotWritten(path, error), { cause: error })
  }
}

/** The file is cut to its new length last, so that the room for what was in it is still there when that is put back. */
async function overwriteFile(path: string, found: Buffer, bytes: Buffer): Promise<void> {
  const file = await open(path, 'r+')
  const fill = async (content: Buffer): Promise<void> => {
    for (let done = 0; done < content.length;)
      done += (await file.write(content, done, content.length - done, done)).bytesWritten
    await file.truncate(content.length)
  }
  try {
    await fill(bytes).catch(async (error: unknown) => {
      await fill(found)
      throw error
    })
  } finally {
    await file.close()
  }
}

function whyNotWritten(path: string, error: unknown): string {
  const words = String(error)
  const name = basename(path)
  if (/ENOSPC|EDQUOT/.test(words))
    return vscode.l10n.t('{0} could not be written: the disk is full. Free some space, then try again.', name)
  if (/EISDIR|IsADirectory|EEXIST|ENOTDIR|NotADirectory/.test(words))
    return vscode.l10n.t('{0} could not be written: a folder or a file stands in its way.', name)
  if (/EACCES|EPERM|EROFS|NoPermissions/.test(words))
    return vscode.l10n.t('{0} could not be written: it is read-only. Make it writable, then try again.', name)
  return vscode.l10n.t('{0} could not be written: {1}', name, words)
}

function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  )
}

/** Language services and others open documents that nobody sees; they follow the file. */
function isInEditor({ uri }: vscode.TextDocument, isOneOfMany: boolean): boolean {
  const { tabGroups, visibleTextEditors } = vscode.window
  const shown = tabGroups.all.flatMap(({ tabs }) =>
    tabs.flatMap(({ input }) => {
      if (input instanceof vscode.TabInputText) return [input.uri]
      return input instanceof vscode.TabInputTextDiff ? [input.original, input.modified] : []
    }),
  )
  const inSight = isOneOfMany ? [] : visibleTextEditors.map(({ document }) => document.uri)
  return [...shown, ...inSight].some((each) => each.toString() === uri.toString())
}

/** False where the editor cannot make the change, or shows something else. */
async function saveEdit(document: vscode.TextDocument, now: Content, wanted: Content): Promise<boolean> {
  return showsContent(document, now) && (await editDocument(document, wanted)) && (await document.save())
}

function isSame(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a && b ? Buffer.compare(a, b) === 0 : a === b
}

/** Whether the editor read the file as we did, so that its edits mean the same. */
function showsContent(document: vscode.TextDocument, content: Content): boolean {
  return content.kind === 'text' && document.getText() === content.lines.join('')
}

/** Replaces only the lines that differ. */
async function editDocument(document: vscode.TextDocument, wanted: Content): Promise<boolean> {
  if (wanted.kind !== 'text') return false
  const lines = splitLines(document.getText())
  const offsets = [0]
  for (const line of lines) offsets.push((offsets.at(-1) ?? 0) + line.length)
  const at = (line: number): vscode.Position => document.positionAt(offsets[line] ?? 0)
  const edit = new vscode.WorkspaceEdit()
  for (const { from, to } of changesBetween(lines, wanted.lines)) {
    const range = new vscode.Range(at(from.start), at(from.end))
    edit.replace(document.uri, range, wanted.lines.slice(to.start, to.end).join(''))
  }
  return vscode.workspace.applyEdit(edit)
}
