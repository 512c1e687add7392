import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import * as vscode from 'vscode'
import { realDirectory } from '../platform/folders.ts'
import { pathBelow } from '../util/paths.ts'
import type { PromptTarget } from './attachment.ts'

/** How a document is named to the user and to the model. */
export interface DocumentPlace {
  /** File name, or name and cell number. */
  readonly label: string
  /** Relative to the session's directory where it lies inside. */
  readonly name: string
  /** The same for the model: outside of the directory as its server names the file. */
  readonly told: string
  /** Real path on disk; undefined for untitled, virtual and other documents without a file. */
  readonly path: string | undefined
  readonly isCell: boolean
}

export async function placeOf(document: vscode.TextDocument, target: PromptTarget): Promise<DocumentPlace> {
  const cell = cellOf(document)
  if (cell) {
    const notebook = placeName(cell.notebook.uri, target)
    const number = String(cell.index + 1)
    return {
      label: `${basename(notebook)} cell ${number}`,
      name: `${notebook} (cell ${number})`,
      told: `${cell.notebook.uri.scheme === 'file' ? toldName(cell.notebook.uri.fsPath, target) : notebook} (cell ${number})`,
      path: undefined,
      isCell: true,
    }
  }
  const isFile = document.uri.scheme === 'file'
  const path = isFile ? await realDirectory(document.uri.fsPath) : undefined
  const name = path === undefined ? placeName(document.uri, target) : shortName(path, target.directory)
  return {
    label: basename(name),
    name,
    told: path === undefined ? name : toldName(path, target),
    path,
    isCell: false,
  }
}

/** How the model is told of a file: from the session's directory, or as the server names it. */
export function toldName(path: string, { directory, toServer }: PromptTarget): string {
  return pathBelow(path, directory) ?? toServer?.(path) ?? path
}

/** The notebook cell that a document is, if it is one. */
export function cellOf(document: vscode.TextDocument): vscode.NotebookCell | undefined {
  if (document.uri.scheme !== 'vscode-notebook-cell') return undefined
  return vscode.workspace.notebookDocuments
    .flatMap((notebook) => notebook.getCells())
    .find((cell) => cell.document.uri.toString() === document.uri.toString())
}

/** Whether there is such a file or folder on our disk. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Whether a server that reads the file of a document reads the same text: it takes all files for UTF-8. */
export function isUtf8({ encoding }: vscode.TextDocument): boolean {
  return encoding === 'utf8' || encoding === 'utf8bom'
}

/** A path relative to a directory when it lies inside, with forward slashes; else the path itself. */
export function shortName(path: string, directory: string): string {
  return pathBelow(path, directory) ?? path
}

function placeName(uri: vscode.Uri, target: PromptTarget): string {
  return uri.scheme === 'file'
    ? shortName(uri.fsPath, target.directory)
    : basename(uri.path) || uri.toString()
}
