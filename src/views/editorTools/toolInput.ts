import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import { isDenied } from '../../platform/deniedFiles.ts'
import { knownFolders, realDirectory } from '../../platform/folders.ts'
import { isWithin } from '../../util/paths.ts'
import { absolutePath } from '../links.ts'

/** What came with a call, by name; anything may be in it. */
export type ToolInput = { readonly [key: string]: unknown }

/** A place in a file that a call names. */
export interface NamedPlace {
  readonly document: vscode.TextDocument
  readonly position: vscode.Position
}

/** The parts of a JSON schema that tools share. */
export const pathSchema = {
  type: 'string',
  description: 'Path of a file, absolute or from the project folder',
}
export const placeSchema = {
  path: pathSchema,
  line: { type: 'integer', minimum: 1, description: 'Line, from 1' },
  symbol: { type: 'string', description: 'The name as it stands on that line; or give "column"' },
  column: { type: 'integer', minimum: 1, description: 'Column, from 1' },
}

/** @throws OpencodeError `invalid-argument` */
export function textOf(input: ToolInput, name: string): string {
  const value = input[name]
  if (typeof value === 'string' && value !== '' && value.length <= 4_000) return value
  throw wrong(`"${name}" must be a text.`)
}

/**
 * A file of this workspace; what a symbolic link leads out of it to is none.
 *
 * @throws OpencodeError `invalid-argument`, `forbidden`, `not-found`
 */
export async function documentOf(
  input: ToolInput,
  directory: string,
  denied: readonly string[],
): Promise<vscode.TextDocument> {
  const named = absolutePath(textOf(input, 'path'), directory)
  const path = await realDirectory(named)
  const uri = vscode.Uri.file(path)
  if (!isInside(path, directory))
    throw new OpencodeError('forbidden', 'This file is outside of the workspace.')
  if (isDenied(path, denied) || isDenied(named, denied))
    throw new OpencodeError('forbidden', 'The user keeps this file private.')
  try {
    return await vscode.workspace.openTextDocument(uri)
  } catch (error) {
    throw new OpencodeError('not-found', 'There is no such text file.', { cause: error })
  }
}

/** @throws OpencodeError as `documentOf`, and `invalid-argument` where the line does not hold the symbol */
export async function placeOf(
  input: ToolInput,
  directory: string,
  denied: readonly string[],
): Promise<NamedPlace> {
  const document = await documentOf(input, directory, denied)
  const line = countOf(input, 'line')
  if (line > document.lineCount) throw wrong(`The file has ${document.lineCount} lines.`)
  if (input['symbol'] === undefined) {
    return {
      document,
      position: document.validatePosition(new vscode.Position(line - 1, countOf(input, 'column') - 1)),
    }
  }
  const symbol = textOf(input, 'symbol')
  const at = document.lineAt(line - 1).text.indexOf(symbol)
  if (at < 0)
    throw wrong(`Line ${line} does not hold "${symbol}". It reads: ${document.lineAt(line - 1).text.trim()}`)
  return { document, position: new vscode.Position(line - 1, at) }
}

export function isInside(path: string, directory: string): boolean {
  const folders = [directory, ...knownFolders().flatMap(({ directory: own, uri }) => [own, uri.fsPath])]
  return folders.some((folder) => isWithin(path, folder))
}

function countOf(input: ToolInput, name: string): number {
  const value = input[name]
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value
  throw wrong(`"${name}" must be a whole number from 1.`)
}

function wrong(message: string): OpencodeError {
  return new OpencodeError('invalid-argument', message)
}
