import type * as vscode from 'vscode'
import { isMeantBy } from '../util/globs.ts'
import { realDirectory } from './folders.ts'

/** Whether a file is on the user's list of those that never go along by themselves, by its name. */
export function isDenied(path: string, denied: readonly string[]): boolean {
  return denied.some((glob) => isMeantBy(glob, path))
}

/** As `isDenied`, also by the name of the file that links lead to. A cell has the name of its notebook. */
export async function isDeniedFile({ fsPath }: vscode.Uri, denied: readonly string[]): Promise<boolean> {
  return isDenied(fsPath, denied) || isDenied(await realDirectory(fsPath), denied)
}
