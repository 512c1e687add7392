import { applyPatch, parsePatch } from 'diff'
import type * as vscode from 'vscode'
import type { FileRisk } from '../../protocol/desk.ts'
import type { FileChange, PermissionRequest } from '../../session/model.ts'
import type { Backend } from '../backend/backends.ts'
import { absolutePath } from '../links.ts'
import { currentText, diskText, editorUri, openDocument } from './texts.ts'
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
  readonly status: FileChange['status']
  /** What stood on the disk when the edit was asked for; undefined: no file. */
  readonly base: string | undefined
  /** What the edit would write; undefined where that cannot be rebuilt. */
  readonly after: string | undefined
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

/** Reads what an edit would do; the disk is looked at now, so call it as soon as the edit is asked for. */
export async function readProposal(request: PermissionRequest, backend: Backend): Promise<Proposal> {
  const files = await Promise.all(
    (request.files ?? []).map(async ({ path, patch, status }): Promise<ProposedFile> => {
      const absolute = absolutePath(path, request.directory)
      const uri = editorUri(absolute)
      const base = await diskText(uri)
      return { path: absolute, uri, status, base, after: afterPatch(base, patch) }
    }),
  )
  return { request, backend, files }
}

/** Looks at the editors only, so it can be asked at every key. */
export function risksInEditors({ files }: Pick<Proposal, 'files'>): readonly FileRisk[] {
  return files.flatMap((file) => {
    const document = openDocument(file.uri)
    return document ? riskOf(file, document.getText(), document.isDirty) : []
  })
}

/** Looks at the disk as well. */
export async function risksNow({ files }: Pick<Proposal, 'files'>): Promise<readonly FileRisk[]> {
  const risks = await Promise.all(
    files.map(async (file) => {
      const isDirty = openDocument(file.uri)?.isDirty === true
      return riskOf(file, await currentText(file.uri), isDirty)
    }),
  )
  return risks.flat()
}

/** Whether all files can be joined with what the user has. */
export function canMerge({ files }: Pick<Proposal, 'files'>): boolean {
  return files.length > 0 && files.every(({ after, status }) => after !== undefined && status !== 'deleted')
}

function riskOf(
  { path, base, after }: ProposedFile,
  now: string | undefined,
  isDirty: boolean,
): readonly FileRisk[] {
  if (now === undefined || (base !== undefined && hasSameLines(now, base))) return []
  // What the edit would write anyway is not lost.
  if (after !== undefined && hasSameLines(now, after)) return []
  return [{ path, kind: isDirty ? 'unsaved' : 'changed' }]
}

function afterPatch(base: string | undefined, patch: string | undefined): string | undefined {
  if (patch === undefined) return undefined
  try {
    const [parsed] = parsePatch(patch).filter(({ hunks }) => hunks.length > 0)
    if (!parsed) return undefined
    const after = applyPatch(base ?? '', parsed, { autoConvertLineEndings: true })
    return after === false ? undefined : after
  } catch {
    return undefined
  }
}
