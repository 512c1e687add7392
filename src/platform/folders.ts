import { realpathSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { isWithin } from '../util/paths.ts'

/** A workspace folder as the server knows it: by its real path, so that symbolic links compare equal. */
export interface Folder {
  readonly name: string
  readonly directory: string
  readonly uri: vscode.Uri
}

/** The folders on disk; those of virtual workspaces have no directory and are left out. */
export async function workspaceFolders(): Promise<readonly Folder[]> {
  return Promise.resolve(knownFolders())
}

const realPaths = new Map<string, string>()

/** The same folders at once; each path is looked up on the disk once. */
export function knownFolders(): readonly Folder[] {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file')
  return folders.map(({ name, uri }) => ({ name, uri, directory: knownDirectory(uri.fsPath) }))
}

/**
 * The folder a new session should run in: that of the active editor, else the first.
 *
 * @throws OpencodeError `no-folder`
 */
export async function activeFolder(): Promise<Folder> {
  const folders = await workspaceFolders()
  const editor = vscode.window.activeTextEditor?.document.uri
  const owner = editor && vscode.workspace.getWorkspaceFolder(editor)
  const folder = folders.find(({ uri }) => uri.toString() === owner?.uri.toString()) ?? folders[0]
  if (!folder)
    throw new OpencodeError('no-folder', vscode.l10n.t('Open a folder first: OpenCode works inside one.'))
  return folder
}

/** The real path of a file of a workspace folder, which may have been opened by a link. Servers name files by it. */
export function filePath({ fsPath }: vscode.Uri): string {
  for (const { directory, uri } of knownFolders()) {
    const isBehindLink = directory !== uri.fsPath && isWithin(fsPath, uri.fsPath)
    if (isBehindLink) return join(directory, fsPath.slice(uri.fsPath.length))
  }
  return fsPath
}

/** A path with symbolic links resolved; the path itself where that is not possible. */
export async function realDirectory(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

function knownDirectory(path: string): string {
  const known = realPaths.get(path)
  if (known !== undefined) return known
  const directory = realDirectoryNow(path)
  realPaths.set(path, directory)
  return directory
}

function realDirectoryNow(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
