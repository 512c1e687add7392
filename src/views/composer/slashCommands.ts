import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import { promptMode, readSlash, shellLine } from '../../protocol/composer.ts'
import type { SlashCommand } from '../../protocol/composer.ts'
import type { WebviewCommand } from '../../protocol/methods.ts'
import type { PromptRun } from '../../session/model.ts'
import type { Backend } from '../backend/backends.ts'

/** Our own commands by the names that OpenCode's terminal gives them. */
const own: Readonly<Record<string, { readonly command: WebviewCommand; readonly title: () => string }>> = {
  new: { command: 'newSession', title: () => vscode.l10n.t('Start a new session') },
  sessions: { command: 'showSessions', title: () => vscode.l10n.t('Search and switch sessions') },
  rename: { command: 'renameSession', title: () => vscode.l10n.t('Rename this session') },
  undo: { command: 'undoPrompt', title: () => vscode.l10n.t('Undo the last prompt and its changes') },
  redo: { command: 'redoPrompts', title: () => vscode.l10n.t('Redo what was undone') },
  fork: { command: 'forkSession', title: () => vscode.l10n.t('Go on in a copy of this session') },
  compact: { command: 'compactSession', title: () => vscode.l10n.t('Replace the conversation by a summary') },
  share: { command: 'shareSession', title: () => vscode.l10n.t('Share this session by a link') },
  export: { command: 'exportSession', title: () => vscode.l10n.t('Save this session as a file') },
  terminal: { command: 'openInTerminal', title: () => vscode.l10n.t('Go on in the terminal') },
  preview: { command: 'showPrompt', title: () => vscode.l10n.t('Show what will be sent') },
  models: { command: 'pickModel', title: () => vscode.l10n.t('Pick the model') },
  agents: { command: 'pickAgent', title: () => vscode.l10n.t('Pick the agent') },
  effort: { command: 'pickVariant', title: () => vscode.l10n.t('Pick the thinking effort') },
  editor: { command: 'openChatInEditor', title: () => vscode.l10n.t('Open this chat in an editor tab') },
  connect: { command: 'setProviderKey', title: () => vscode.l10n.t('Set a provider API key') },
  context: { command: 'addContext', title: () => vscode.l10n.t('Add context') },
}

/** What `/` offers in a folder; a command of the server's wins over ours of the same name. */
export async function slashCommands(backend: Backend, directory: string): Promise<readonly SlashCommand[]> {
  const catalog = backend.catalogs.get(directory) ?? (await backend.catalogs.load(directory))
  const theirs = (catalog?.commands ?? []).map(({ name, description, source = 'command' }) => ({
    name,
    source,
    ...(description === undefined ? {} : { description }),
  }))
  const names = new Set(theirs.map(({ name }) => name))
  const ours = Object.entries(own)
    .filter(([name]) => !names.has(name))
    .map(([name, { title }]) => ({ name, description: title(), source: 'own' as const }))
  return [...ours, ...theirs]
}

/** @throws OpencodeError `not-found` */
export function ownSlashCommand(name: string): WebviewCommand {
  const found = Object.hasOwn(own, name) ? own[name] : undefined
  if (found) return found.command
  throw new OpencodeError('not-found', vscode.l10n.t('There is no command /{0}.', name))
}

/**
 * What a text asks the server to run: `!line`, or `/name arguments` of a command that the server has. Undefined
 * for words to the model. Starts the server when only it can tell.
 *
 * @throws OpencodeError `invalid-argument` for an empty command line
 */
export async function runOf(
  text: string,
  backend: Backend,
  directory: string,
): Promise<PromptRun | undefined> {
  if (promptMode(text) === 'shell') {
    const line = shellLine(text)
    if (line !== '') return { kind: 'shell', line }
    throw new OpencodeError('invalid-argument', vscode.l10n.t('Type a command line behind the "!".'))
  }
  const slash = readSlash(text)
  if (!slash) return undefined
  if (!backend.catalogs.get(directory)) await backend.access.ensure()
  const catalog = backend.catalogs.get(directory) ?? (await backend.catalogs.load(directory))
  const isKnown = catalog?.commands.some(({ name }) => name === slash.name) === true
  return isKnown ? { kind: 'command', ...slash } : undefined
}
