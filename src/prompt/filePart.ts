import { randomUUID } from 'node:crypto'
import { basename, extname } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import type { ContextItem } from '../protocol/chat.ts'
import { realDirectory } from '../platform/folders.ts'
import type { PromptPart } from '../session/model.ts'
import { checkSize, digestOf, hiddenText, inlinePart } from './attachment.ts'
import type { Attachment, PromptTarget } from './attachment.ts'
import { placeOf, shortName } from './documentPlace.ts'
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
  const document = unsaved(vscode.workspace.textDocuments, uri)
  if (document) return documentAttachment(document, target)
  const notebook = unsaved(vscode.workspace.notebookDocuments, uri)
  if (notebook) return notebookAttachment(notebook, target)
  const stat = await statOf(uri)
  const path = uri.scheme === 'file' ? await realDirectory(uri.fsPath) : undefined
  const name = path === undefined ? basename(uri.path) : shortName(path, target.directory)
  if (stat.type & vscode.FileType.Directory) return folderAttachment(path, name, target)
  checkSize(name, stat.size)
  const mime = documentTypes[extname(name).toLowerCase()] ?? 'text/plain'
  const bytes = await vscode.workspace.fs.readFile(uri)
  if (mime === 'text/plain') checkIsText(name, bytes)
  const part = filePart({ path, name, mime, bytes }, target)
  const detail = path ?? uri.toString()
  const made = attachment({ kind: kindOf(mime), name, detail, size: bytes.byteLength }, [part])
  return { ...made, source: uri.toString(), content: { key: detail, digest: digestOf(bytes) } }
}

function unsaved<T extends vscode.TextDocument | vscode.NotebookDocument>(
  documents: readonly T[],
  uri: vscode.Uri,
): T | undefined {
  const open = documents.find((each) => each.uri.toString() === uri.toString())
  return open && (open.isDirty || open.isUntitled) ? open : undefined
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
}

function filePart({ path, name, mime, bytes }: NamedFile, target: PromptTarget): PromptPart {
  if (path === undefined) return inlinePart(name, bytes, { mime })
  if (!target.sees(path)) return inlinePart(name, bytes, { mime, path })
  return { type: 'file', id: createBlockID(), path, name, mime }
}

async function documentAttachment(document: vscode.TextDocument, target: PromptTarget): Promise<Attachment> {
  const place = await placeOf(document, target)
  const note = document.isUntitled ? 'is not saved yet' : 'has unsaved changes; this is what is on the screen'
  const path = place.path === undefined ? {} : { path: place.path }
  const text = document.getText()
  const detail = vscode.l10n.t('{0} · unsaved', place.name)
  const made = attachment({ kind: 'file', name: place.name, detail, size: Buffer.byteLength(text) }, [
    hiddenText(`${place.name} (${document.languageId}) ${note}.`),
    inlinePart(place.name, text, path),
  ])
  const key = place.path ?? document.uri.toString()
  return { ...made, source: document.uri.toString(), content: { key, digest: digestOf(text) } }
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

/** A zero byte near the start is what Git takes for "binary", too. */
function checkIsText(name: string, bytes: Uint8Array): void {
  if (!bytes.subarray(0, 8_000).includes(0)) return
  throw new OpencodeError(
    'invalid-argument',
    vscode.l10n.t('{0} is a binary file; only text, images and PDF files can be sent.', name),
  )
}
