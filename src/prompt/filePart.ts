import { randomUUID } from 'node:crypto'
import { basename, extname } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import type { ContextItem } from '../protocol/composer.ts'
import { realDirectory } from '../platform/folders.ts'
import type { PromptPart } from '../session/model.ts'
import { checkSize, digestOf, hiddenText, inlinePart } from './attachment.ts'
import type { Attachment, PromptTarget } from './attachment.ts'
import { isUtf8, placeOf, shortName } from './documentPlace.ts'
import { createBlockID } from './promptIds.ts'

/** The documents that go along as what they are; everything else must be text. */
export const documentTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.pdf': 'application/pdf',
}

/**
 * A file, a folder or an open untitled document or notebook. Unsaved changes go along as text, images and PDF files
 * as such.
 *
 * @throws OpencodeError `not-found`, `too-large`, or `invalid-argument` for other binary files
 */
export async function fileAttachment(uri: vscode.Uri, target: PromptTarget): Promise<Attachment> {
  return (await openAttachment(uri, target)) ?? diskAttachment(uri, target)
}

/** Those of several files that can be attached, and why the first of the others cannot: one spoils nothing for the rest. */
export async function fileAttachments(
  uris: readonly vscode.Uri[],
  target: PromptTarget,
): Promise<{ readonly attachments: readonly Attachment[]; readonly failure: Error | undefined }> {
  const made = await Promise.allSettled(uris.map((uri) => fileAttachment(uri, target)))
  return {
    attachments: made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
    failure: made.find((each) => each.status === 'rejected')?.reason as Error | undefined,
  }
}

/** What is open and not the same, or not readable, on the disk. */
async function openAttachment(uri: vscode.Uri, target: PromptTarget): Promise<Attachment | undefined> {
  const isIt = (each: { readonly uri: vscode.Uri }): boolean => each.uri.toString() === uri.toString()
  const document = vscode.workspace.textDocuments.find(isIt)
  if (document && (isUnsaved(document) || !isUtf8(document))) return documentAttachment(document, target)
  const notebook = vscode.workspace.notebookDocuments.find(isIt)
  return notebook && isUnsaved(notebook) ? notebookAttachment(notebook, target) : undefined
}

function isUnsaved({ isDirty, isUntitled }: { isDirty: boolean; isUntitled: boolean }): boolean {
  return isDirty || isUntitled
}

async function diskAttachment(uri: vscode.Uri, target: PromptTarget): Promise<Attachment> {
  const stat = await statOf(uri)
  const path = uri.scheme === 'file' ? await realDirectory(uri.fsPath) : undefined
  const name = path === undefined ? basename(uri.path) : shortName(path, target.directory)
  if (stat.type & vscode.FileType.Directory) return folderAttachment(path, name, target)
  checkSize(name, stat.size)
  const mime = documentTypes[extname(name).toLowerCase()] ?? 'text/plain'
  const bytes = await vscode.workspace.fs.readFile(uri)
  const text = mime === 'text/plain' ? await foreignText(uri, bytes) : undefined
  if (text === undefined && mime === 'text/plain') checkIsText(name, bytes)
  const part = filePart({ path, name, mime, bytes, text }, target)
  const detail = path ?? uri.toString()
  const made = attachment({ kind: kindOf(mime), name, detail, size: bytes.byteLength }, [part])
  return { ...made, source: uri.toString(), content: { key: detail, digest: digestOf(bytes) } }
}

/** What a chip shows of a file of this type. */
export function kindOf(mime: string): 'image' | 'pdf' | 'file' {
  if (mime.startsWith('image/')) return 'image'
  return mime === 'application/pdf' ? 'pdf' : 'file'
}

interface NamedFile {
  /** Real path on our disk, if it is there. */
  readonly path: string | undefined
  readonly name: string
  readonly mime: string
  readonly bytes: Uint8Array
  /** Set where it is not stored as UTF-8, which is what a server takes it for. */
  readonly text: string | undefined
}

function filePart({ path, name, mime, bytes, text }: NamedFile, target: PromptTarget): PromptPart {
  if (text !== undefined) return inlinePart(name, text, path === undefined ? {} : { path })
  if (path === undefined) return inlinePart(name, bytes, { mime })
  if (!target.sees(path)) return inlinePart(name, bytes, { mime, path })
  return { type: 'file', id: createBlockID(), path, name, mime }
}

async function documentAttachment(document: vscode.TextDocument, target: PromptTarget): Promise<Attachment> {
  const place = await placeOf(document, target)
  const path = place.path === undefined ? {} : { path: place.path }
  const text = document.getText()
  const detail = isUnsaved(document) ? vscode.l10n.t('{0} · unsaved', place.name) : place.name
  const made = attachment({ kind: 'file', name: place.name, detail, size: Buffer.byteLength(text) }, [
    hiddenText(`${place.told} (${document.languageId}) ${noteOf(document)}.`),
    inlinePart(place.name, text, path),
  ])
  const key = place.path ?? document.uri.toString()
  return { ...made, source: document.uri.toString(), content: { key, digest: digestOf(text) } }
}

function noteOf({ isUntitled, isDirty, encoding }: vscode.TextDocument): string {
  if (isUntitled) return 'is not saved yet'
  return isDirty
    ? 'has unsaved changes; this is what is on the screen'
    : `is stored as ${encoding}; this is its text`
}

/** Cell by cell, since nobody but its editor can write an unsaved notebook as the file it will be. */
async function notebookAttachment(
  notebook: vscode.NotebookDocument,
  target: PromptTarget,
): Promise<Attachment> {
  const path = notebook.uri.scheme === 'file' ? await realDirectory(notebook.uri.fsPath) : undefined
  const name = path === undefined ? basename(notebook.uri.path) : shortName(path, target.directory)
  const text = notebook
    .getCells()
    .map(({ index, document }) => `# Cell ${index + 1} (${document.languageId})\n${document.getText()}\n`)
    .join('\n')
  const detail = vscode.l10n.t('{0} · unsaved', name)
  checkSize(name, Buffer.byteLength(text))
  const made = attachment({ kind: 'file', name, detail, size: Buffer.byteLength(text) }, [
    hiddenText(`${name} is a notebook with unsaved changes; these are its cells as on the screen.`),
    inlinePart(`${name}.txt`, text),
  ])
  const content = { key: path ?? notebook.uri.toString(), digest: digestOf(text) }
  return { ...made, source: notebook.uri.toString(), content }
}

function folderAttachment(path: string | undefined, name: string, target: PromptTarget): Attachment {
  if (path === undefined || !target.sees(path)) {
    throw new OpencodeError(
      'unsupported',
      vscode.l10n.t('The server cannot see this folder: it runs elsewhere. Add files instead.'),
    )
  }
  const part: PromptPart = { type: 'file', id: createBlockID(), path, name, mime: 'application/x-directory' }
  return { ...attachment({ kind: 'folder', name, detail: path }, [part]), source: `folder:${path}` }
}

interface Chip {
  readonly kind: ContextItem['kind']
  readonly name: string
  readonly detail: string
  readonly size?: number
}

function attachment({ kind, name, detail, size }: Chip, parts: readonly PromptPart[]): Attachment {
  const item = { id: randomUUID(), kind, label: basename(name), detail }
  return { item: size === undefined ? item : { ...item, size }, parts }
}

async function statOf(uri: vscode.Uri): Promise<vscode.FileStat> {
  try {
    return await vscode.workspace.fs.stat(uri)
  } catch (cause) {
    throw new OpencodeError('not-found', vscode.l10n.t('{0} does not exist.', basename(uri.path)), { cause })
  }
}

/** A binary file that was taken for a text of another encoding has some of these. */
const notInText = /[\u0000-\u0008\u000E-\u001F\uFFFD]/

/** The text of a file that is stored in another encoding; undefined for UTF-8 and for what is no text. */
async function foreignText(uri: vscode.Uri, bytes: Uint8Array): Promise<string | undefined> {
  const text = await vscode.workspace.decode(bytes, { uri })
  const isSame =
    Buffer.from(bytes)
      .toString('utf8')
      .replace(/^\uFEFF/, '') === text.replace(/^\uFEFF/, '')
  return isSame || notInText.test(text) ? undefined : text
}

/** A zero byte near the start is what Git takes for "binary", too. */
function checkIsText(name: string, bytes: Uint8Array): void {
  if (!bytes.subarray(0, 8_000).includes(0)) return
  throw new OpencodeError(
    'invalid-argument',
    vscode.l10n.t('{0} is a binary file; only text, images and PDF files can be sent.', name),
  )
}
