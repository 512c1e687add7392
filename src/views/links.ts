import { resolve } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { realDirectory, workspaceFolders } from '../platform/folders.ts'
import { isWithin } from '../util/paths.ts'

const schemes = new Set(['http:', 'https:', 'mailto:'])

/** Opens a link after showing all of it: its text may say something else than where it leads. */
export async function openLink(href: string): Promise<void> {
  const url = URL.canParse(href) ? new URL(href) : undefined
  if (!url || !schemes.has(url.protocol)) {
    throw new OpencodeError(
      'forbidden',
      vscode.l10n.t('Only web and mail addresses can be opened from the chat.'),
    )
  }
  const open = vscode.l10n.t('Open')
  const question = vscode.l10n.t('Open this address outside of the editor?')
  const picked = await vscode.window.showInformationMessage(question, { modal: true, detail: url.href }, open)
  if (picked === open) await vscode.env.openExternal(vscode.Uri.parse(url.href, true))
}

/**
 * Opens a file that the transcript names, at its 1-based line. Outside of the known folders the user is
 * asked, since a model may name any path.
 *
 * @throws OpencodeError `not-found`
 */
export async function openFile(path: string, line: number | undefined, directory: string): Promise<void> {
  const uri = await knownFile(path, directory)
  if (!uri) return
  if ((await statOf(uri)).type & vscode.FileType.Directory) {
    await vscode.commands.executeCommand('revealInExplorer', uri)
    return
  }
  const start = new vscode.Position(Math.max((line ?? 1) - 1, 0), 0)
  const selection = line === undefined ? {} : { selection: new vscode.Range(start, start) }
  await vscode.commands.executeCommand('vscode.open', uri, { preview: true, ...selection })
}

/**
 * The place of a file or folder that a model named. Undefined: it lies outside of the known folders, and
 * the user does not want it opened.
 *
 * @throws OpencodeError `not-found`
 */
export async function knownFile(path: string, directory: string): Promise<vscode.Uri | undefined> {
  const absolute = await realDirectory(resolve(directory, path))
  const uri = vscode.Uri.file(absolute)
  await statOf(uri)
  return (await isKnown(absolute, directory)) || (await isAllowed(absolute)) ? uri : undefined
}

/** The absolute path of something that the server named. */
export function absolutePath(path: string, directory: string): string {
  return resolve(directory, path)
}

async function statOf(uri: vscode.Uri): Promise<vscode.FileStat> {
  try {
    return await vscode.workspace.fs.stat(uri)
  } catch (cause) {
    throw new OpencodeError('not-found', vscode.l10n.t('{0} does not exist (any more).', uri.fsPath), {
      cause,
    })
  }
}

async function isKnown(path: string, directory: string): Promise<boolean> {
  const folders = [directory, ...(await workspaceFolders()).map((folder) => folder.directory)]
  return folders.some((folder) => isWithin(path, folder))
}

async function isAllowed(path: string): Promise<boolean> {
  const open = vscode.l10n.t('Open')
  const question = vscode.l10n.t('Open a file outside of this workspace?')
  return (await vscode.window.showWarningMessage(question, { modal: true, detail: path }, open)) === open
}
