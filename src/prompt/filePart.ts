import { randomUUID } from 'node:crypto'
import { basename, extname } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import type { ContextItem } from '../protocol/chat.ts'
import { realDirectory } from '../platform/folders.ts'
import type { PromptPart } from '../session/model.ts'
import { checkSize, hiddenText, inlinePart } from './attachment.ts'
import type { Attachment, PromptTarget } from './attachment.ts'
import { placeOf, shortName } from './documentPlace.ts'
import { createBlockID } from './promptIds.ts'

const documentTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.pdf': 'application/pdf',
}

/**
 * A file, a folder or an open untitled document. Unsaved changes go along as text, images and PDF files
 * as such.
 *
 * @throws OpencodeError `not-found`, `too-large`, or `invalid-argument` for other binary files
 */
export async function fileAttachment(uri: vscode.Uri, target: PromptTarget): Promise<Attachment> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString())
  if (open && (open.isDirty || open.isUntitled)) return documentAttachment(open, target)
  const stat = await statOf(uri)
  const path = uri.scheme === 'file' ? await realDirectory(uri.fsPath) : undefined
  const name = path === undefined ? basename(uri.path) : shortName(path, target.directory)
  if (stat.type & vscode.FileType.Directory) return folderAttachment(path, name, target)
  checkSize(name, stat.size)
  const mime = documentTypes[extname(name).toLowerCase()] ?? 'text/plain'
  const part = await filePart({ uri, path, name, mime }, target)
  return attachment(mime.startsWith('image/') ? 'image' : 'file', name, path ?? uri.toString(), [part])
}

interface NamedFile {
  readonly uri: vscode.Uri
  /** Real path on our disk, if it is there. */
  readonly path: string | undefined
  readonly name: string
  readonly mime: string
}

async function filePart({ uri, path, name, mime }: NamedFile, target: PromptTarget): Promise<PromptPart> {
  const bytes = await vscode.workspace.fs.readFile(uri)
  if (mime === 'text/plain') checkIsText(name, bytes)
  if (path === undefined) return inlinePart(name, bytes, { mime })
  if (!target.sharesDisk) return inlinePart(name, bytes, { mime, path })
  return { type: 'file', id: createBlockID(), path, name, mime }
}

async function documentAttachment(document: vscode.TextDocument, target: PromptTarget): Promise<Attachment> {
  const place = await placeOf(document, target)
  const note = document.isUntitled ? 'is not saved yet' : 'has unsaved changes; this is what is on the screen'
  const path = place.path === undefined ? {} : { path: place.path }
  return attachment('file', place.name, vscode.l10n.t('{0} · unsaved', place.name), [
    hiddenText(`${place.name} (${document.languageId}) ${note}.`),
    inlinePart(place.name, document.getText(), path),
  ])
}

function folderAttachment(path: string | undefined, name: string, target: PromptTarget): Attachment {
  if (path === undefined || !target.sharesDisk) {
    throw new OpencodeError(
      'unsupported',
      vscode.l10n.t('The server cannot see this folder: it runs elsewhere. Add files instead.'),
    )
  }
  const part: PromptPart = { type: 'file', id: createBlockID(), path, name, mime: 'application/x-directory' }
  return attachment('folder', name, path, [part])
}

function attachment(
  kind: ContextItem['kind'],
  name: string,
  detail: string,
  parts: readonly PromptPart[],
): Attachment {
  return { item: { id: randomUUID(), kind, label: basename(name), detail }, parts }
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
