import * as vscode from 'vscode'
import { pathBelow } from '../util/paths.ts'

/** Where a file is after it, or a folder that it is in, was renamed; undefined when neither was. */
export function movedUri(
  uri: vscode.Uri,
  { oldUri, newUri }: { readonly oldUri: vscode.Uri; readonly newUri: vscode.Uri },
): vscode.Uri | undefined {
  if (uri.toString() === oldUri.toString()) return newUri
  const rest = uri.scheme === oldUri.scheme ? pathBelow(uri.path, oldUri.path) : undefined
  return rest === undefined ? undefined : vscode.Uri.joinPath(newUri, rest)
}
