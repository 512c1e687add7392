import * as vscode from 'vscode'
import { filePath } from '../platform/folders.ts'
import { isWithin } from '../util/paths.ts'
import type { Attachment, PromptTarget } from './attachment.ts'
import { shortName } from './documentPlace.ts'
import { rangeAttachment } from './selectionPart.ts'
import { symbolAt } from './symbols.ts'

const timeoutMs = 1_500

export interface FoundSymbol {
  readonly name: string
  /** What it stands in, and its file. */
  readonly description: string
  readonly location: vscode.Location
}

/** Symbols below a directory that the editor's language support finds; none when it does not answer in time. */
export async function findSymbols(
  directory: string,
  query: string,
  limit: number,
): Promise<readonly FoundSymbol[]> {
  const found = await Promise.race([
    ask(query),
    new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), timeoutMs).unref()),
  ])
  return (found ?? [])
    .filter(({ location }) => location.uri.scheme === 'file' && isWithin(filePath(location.uri), directory))
    .slice(0, limit)
    .map(({ name, containerName, location }) => ({
      name: name.replace(/\(.*\)$/, ''),
      description: [containerName, shortName(filePath(location.uri), directory)].filter(Boolean).join(' · '),
      location,
    }))
}

/** The whole of a symbol, from its first line to its last. */
export async function symbolAttachment(
  { name, location }: Pick<FoundSymbol, 'name' | 'location'>,
  target: PromptTarget,
): Promise<Attachment> {
  const document = await vscode.workspace.openTextDocument(location.uri)
  const whole = await symbolAt(document, location.range.start)
  const range = whole?.range.contains(location.range) === true ? whole.range : location.range
  const attachment = await rangeAttachment(document, range, target, name)
  return { ...attachment, item: { ...attachment.item, kind: 'symbol', label: name } }
}

async function ask(query: string): Promise<readonly vscode.SymbolInformation[] | undefined> {
  try {
    return await vscode.commands.executeCommand('vscode.executeWorkspaceSymbolProvider', query)
  } catch {
    return undefined
  }
}
