import type * as vscode from 'vscode'
import type { FileRisk } from '../../protocol/desk.ts'
import type { FileChange, PermissionRequest } from '../../session/model.ts'
import type { Backend } from '../backend/backends.ts'
import { absolutePath } from '../links.ts'
import { readsAsUtf8, rebuildEdit } from './serverEdit.ts'
import type { ServerEdit } from './serverEdit.ts'
import { currentText, diskText, editorUri, openDocument, readFile, unreadable } from './texts.ts'
import type { FileText } from './texts.ts'
import { hasSameLines } from './textMerge.ts'

/** An edit that waits for permission. */
export interface Proposal {
  readonly request: PermissionRequest
  readonly backend: Backend
  readonly files: readonly ProposedFile[]
}

/**
 * One file of it. The server has worked out the whole new text before it asks, and writes just that, whatever
 * stands on the disk by then.
 */
export interface ProposedFile {
  readonly path: string
  readonly uri: vscode.Uri
  /** Where its text stands until the edit moves it; `uri` for all others. */
  readonly source: vscode.Uri
  readonly status: FileChange['status']
  /** What stood on the disk when the edit was asked for; undefined: no file. */
  readonly base: string | undefined
  /** What the edit would write; undefined where that cannot be rebuilt. */
  readonly after: string | undefined
  /** The server would write a file as UTF-8 that is something else. */
  readonly breaksEncoding: boolean
  /** See `FileText`. */
  readonly encoding?: string | undefined
  /** Set while it is shown in a diff that the user may change. */
  shown?: ShownProposal
}

export interface ShownProposal {
  /** The side of the diff that can be changed. */
  readonly uri: vscode.Uri
  /** The user's text when the diff was opened. */
  readonly mine: string
  /** What was put into that side. */
  readonly offered: string
}

export function isMoved({ uri, source }: Pick<ProposedFile, 'uri' | 'source'>): boolean {
  return uri.toString() !== source.toString()
}

/** Reads what an edit would do; the disk is looked at now, so call it as soon as the edit is asked for. */
export async function readProposal(request: PermissionRequest, backend: Backend): Promise<Proposal> {
  const files = await Promise.all((request.files ?? []).map((change) => readProposed(change, request)))
  return { request, backend, files }
}

async function readProposed(change: FileChange, { directory }: PermissionRequest): Promise<ProposedFile> {
  const { patch, status, movedFrom } = change
  const path = absolutePath(change.path, directory)
  const uri = editorUri(path)
  const source = movedFrom === undefined ? uri : editorUri(absolutePath(movedFrom, directory))
  const file = await readFile(source)
  const edit = rebuildEdit(file?.bytes, file?.text, patch)
  const isTaken = isMoved({ uri, source }) && (await diskText(uri)) !== undefined
  return {
    path,
    uri,
    source,
    status,
    base: file?.text,
    after: isTaken || isLossy(file) ? undefined : afterOf(file, edit, change),
    breaksEncoding: edit.breaksEncoding && status !== 'deleted',
    encoding: file?.encoding,
  }
}

/** The patch of a file that is only moved has nothing in it. */
function afterOf(file: FileText | undefined, { after }: ServerEdit, change: FileChange): string | undefined {
  const isPureMove = change.movedFrom !== undefined && !/^@@ /m.test(change.patch ?? '')
  return isPureMove ? file?.text : after
}

/** An editor shows signs for what it could not read, and there is unsaved text among them. */
function isLossy(file: FileText | undefined): boolean {
  return file !== undefined && file.text.includes(unreadable) && !readsAsUtf8(file.bytes)
}

/** Looks at the editors only, so it can be asked at every key. */
export function risksInEditors({ files }: Pick<Proposal, 'files'>): readonly FileRisk[] {
  return files.flatMap((file) => {
    const document = openDocument(file.source)
    // A clean editor may have read the file in another encoding than we did.
    const isSeen = document !== undefined && (document.isDirty || file.encoding === undefined)
    return risksOf(file, isSeen ? document.getText() : undefined)
  })
}

/** Looks at the disk as well. */
export async function risksNow({ files }: Pick<Proposal, 'files'>): Promise<readonly FileRisk[]> {
  const risks = await Promise.all(files.map(async (file) => risksOf(file, await currentText(file.source))))
  return risks.flat()
}

/** Whether all files can be joined with what the user has. */
export function canMerge({ files }: Pick<Proposal, 'files'>): boolean {
  const isOpen = (file: ProposedFile): boolean => isMoved(file) && openDocument(file.uri)?.isDirty === true
  return (
    files.length > 0 &&
    files.every((file) => file.after !== undefined && file.status !== 'deleted' && !isOpen(file))
  )
}

function risksOf(file: ProposedFile, now: string | undefined): readonly FileRisk[] {
  const { path, source, uri, base, after, breaksEncoding } = file
  const isUnsaved = openDocument(source)?.isDirty === true
  const isSame =
    now === undefined || [base, after].some((text) => text !== undefined && hasSameLines(now, text))
  // What the edit would write anyway is not lost.
  if (!isSame)
    return [{ path: isMoved(file) ? source.fsPath : path, kind: isUnsaved ? 'unsaved' : 'changed' }]
  if (isMoved(file) && openDocument(uri)?.isDirty === true) return [{ path, kind: 'unsaved' }]
  return breaksEncoding ? [{ path, kind: 'encoding' }] : []
}
