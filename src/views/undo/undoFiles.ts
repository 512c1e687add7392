import * as vscode from 'vscode'
import { absolutePath } from '../links.ts'
import type { FileChange } from '../../session/model.ts'
import type { UndoScope } from '../../session/undo.ts'
import type { ChangedFile, FileNow } from './undoPreview.ts'

const readLimitBytes = 5 * 1024 * 1024

/** The files that an undo restores, each with what was done to it, the newest change first. */
export function changedFiles(
  scope: UndoScope,
  changes: readonly FileChange[],
  directory: string,
): readonly ChangedFile[] {
  return [...scope.restored].map(([path, writtenAt]) => {
    const absolute = absolutePath(path, directory)
    const own = changes.filter((change) => absolutePath(change.path, directory) === absolute)
    return { path: absolute, changes: own, writtenAt }
  })
}

/** What stands on this machine's disk, whatever an editor holds; a large or binary file has no text. */
export async function fileNow(path: string, isHere: boolean): Promise<FileNow> {
  if (!isHere) return { kind: 'unknown' }
  const uri = vscode.Uri.file(path)
  try {
    const { mtime, size } = await vscode.workspace.fs.stat(uri)
    const text = size > readLimitBytes ? undefined : decode(await vscode.workspace.fs.readFile(uri))
    return { kind: 'file', text, modified: mtime }
  } catch {
    return { kind: 'missing' }
  }
}

/** The paths among these whose editors hold unsaved text. */
export function unsavedFiles(paths: readonly string[]): readonly string[] {
  const dirty = new Set(
    vscode.workspace.textDocuments
      .filter(({ isDirty, uri }) => isDirty && uri.scheme === 'file')
      .map(({ uri }) => uri.fsPath),
  )
  return paths.filter((path) => dirty.has(vscode.Uri.file(path).fsPath))
}

function decode(bytes: Uint8Array): string | undefined {
  return bytes.includes(0) ? undefined : new TextDecoder().decode(bytes)
}
