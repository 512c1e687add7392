import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import * as vscode from 'vscode'
import { pathsOf } from '../../client/paths/mappedConnection.ts'
import type { FilePlace } from '../../opencode/errors.ts'
import type { Backend } from '../../views/backend/backends.ts'
import { backendInSight } from '../commandSpec.ts'
import type { CommandContext } from '../commandSpec.ts'
import { lineOf } from './lineOf.ts'

export interface ConfigurationTarget {
  /** Goes to the first line with this key, where there is one. */
  readonly word?: string
}

interface FileItem extends vscode.QuickPickItem {
  readonly uri: vscode.Uri
  readonly isThere: boolean
}

/** A mistake in a file of the configuration is opened at its place; else the user picks a file. */
export async function openConfiguration(
  context: CommandContext,
  { word }: ConfigurationTarget = {},
): Promise<void> {
  const backend = await backendInSight(context)
  const mistake = mistakeOf(backend)
  if (mistake)
    return openAt(vscode.Uri.file(pathsOf(backend.server.connection).toHost(mistake.path)), mistake)
  const files = await configurationFiles(backend.directories)
  const [only] = files.filter(({ isThere }) => isThere)
  const picked =
    word !== undefined && only && files.filter(({ isThere }) => isThere).length === 1
      ? only
      : await vscode.window.showQuickPick(files, { title: vscode.l10n.t('Configuration of OpenCode') })
  if (!picked) return
  if (!picked.isThere) await vscode.workspace.fs.writeFile(picked.uri, Buffer.from(emptyConfiguration))
  const document = await vscode.workspace.openTextDocument(picked.uri)
  const line = word === undefined ? undefined : lineOf(document.getText(), word)
  await openAt(picked.uri, line === undefined ? {} : { line })
}

const emptyConfiguration = '{\n  "$schema": "https://opencode.ai/config.json"\n}\n'

function mistakeOf({ catalogs, directories, server }: Backend): FilePlace | undefined {
  const problems = directories.map((directory) => catalogs.problem(directory))
  const failure = server.status.kind === 'failed' ? server.status.error : undefined
  return [...problems, failure].find((info) => info?.place !== undefined)?.place
}

/** Those that are there; where a folder has none, one to make. */
async function configurationFiles(directories: readonly string[]): Promise<readonly FileItem[]> {
  const config = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config')
  const global = ['opencode.json', 'opencode.jsonc', 'config.json'].map((name) =>
    join(config, 'opencode', name),
  )
  const ofFolders = directories.map((directory) =>
    ['opencode.json', 'opencode.jsonc', '.opencode/opencode.json', '.opencode/opencode.jsonc'].map((name) =>
      join(directory, name),
    ),
  )
  const groups = await Promise.all([...ofFolders, global].map((paths) => itemsOf(paths)))
  return groups.flat()
}

async function itemsOf(paths: readonly string[]): Promise<readonly FileItem[]> {
  const found = await Promise.all(paths.map(async (path) => ((await isThere(path)) ? [path] : [])))
  const there = found.flat()
  const [first] = paths
  if (there.length > 0) return there.map((path) => fileItem(path, true))
  return first === undefined ? [] : [fileItem(first, false)]
}

function fileItem(path: string, isFile: boolean): FileItem {
  const name = basename(path)
  return {
    label: isFile ? name : vscode.l10n.t('Create {0}', name),
    description: dirname(path),
    iconPath: new vscode.ThemeIcon(isFile ? 'file' : 'new-file'),
    uri: vscode.Uri.file(path),
    isThere: isFile,
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(vscode.Uri.file(path))
    return true
  } catch {
    return false
  }
}

async function openAt(uri: vscode.Uri, { line = 1, column = 1 }: Partial<FilePlace>): Promise<void> {
  const start = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1))
  await vscode.window.showTextDocument(uri, { selection: new vscode.Range(start, start) })
}
