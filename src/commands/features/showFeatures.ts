import * as vscode from 'vscode'
import type { PermissionRule } from '../../client/serverFeatures.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { RunningContext } from '../commandSpec.ts'
import { placeOf } from '../providers/providerStates.ts'
import { reloadFolders } from '../providers/reloadFolders.ts'
import { openConfiguration } from './openConfiguration.ts'

interface Item extends vscode.QuickPickItem {
  readonly run?: () => Promise<void>
}

/** Agents, commands, skills, rules and tools that the server has in the folder. */
export async function showFeatures(context: RunningContext): Promise<void> {
  const directory = await placeOf(context)
  const items = readItems(context, directory)
  const title = vscode.l10n.t('What the Server Has')
  const options = { title, matchOnDescription: true, matchOnDetail: true }
  const picked = await vscode.window.showQuickPick(items, options)
  await items
  await picked?.run?.()
}

async function readItems(context: RunningContext, directory: string): Promise<Item[]> {
  const { connection } = context
  const { features } = connection
  const [catalog, skills, servers, formatters] = await Promise.all([
    connection.readCatalog(directory),
    features.skills(directory),
    known(features.languageServers(directory)),
    known(features.formatters(directory)),
  ])
  const edit = (word: string): (() => Promise<void>) => {
    return () => openConfiguration(context, { word })
  }
  const agents = catalog.agents.map(({ name, mode, description }) => ({
    ...item('hubot', name, mode, description),
    run: () => showRules(context, directory, name),
  }))
  const commands = catalog.commands.map(({ name, description }) => ({
    ...item('terminal', `/${name}`, '', description),
    run: edit(name),
  }))
  return [
    ...group(vscode.l10n.t('Agents and their permission rules'), agents),
    ...group(vscode.l10n.t('Commands'), commands),
    ...group(
      vscode.l10n.t('Skills'),
      skills.map(({ name, description, path }) => ({
        ...item('lightbulb', name, path === undefined ? vscode.l10n.t('built in') : '', description),
        ...(path === undefined ? {} : { run: () => openPath(path) }),
      })),
    ),
    ...group(
      vscode.l10n.t('Language servers'),
      servers.items.map(({ name, root, isConnected }) => ({
        ...item(isConnected ? 'pass' : 'error', name, isConnected ? root : vscode.l10n.t('failed')),
        run: edit('lsp'),
      })),
      servers.lack ?? vscode.l10n.t('None runs: they start with the first file that they are for'),
    ),
    ...group(
      vscode.l10n.t('Formatters'),
      formatters.items.map(({ name, extensions, isEnabled }) => ({
        ...item(isEnabled ? 'pass' : 'circle-slash', name, extensions.join(' ')),
        run: edit('formatter'),
      })),
      formatters.lack ?? vscode.l10n.t('None is switched on'),
    ),
  ]
}

/** What a server has of a kind, or why it does not say. */
async function known<T>(
  asked: Promise<readonly T[]>,
): Promise<{ readonly items: readonly T[]; readonly lack?: string }> {
  try {
    return { items: await asked }
  } catch (error) {
    if (error instanceof OpencodeError && error.code === 'unsupported')
      return { items: [], lack: error.message }
    throw error
  }
}

/** The last rule that fits decides, so the list begins with it. */
async function showRules(context: RunningContext, directory: string, agent: string): Promise<void> {
  const rules = await context.connection.features.permissionRules(directory, agent)
  const icons: Readonly<Record<PermissionRule['action'], string>> = {
    allow: 'pass',
    ask: 'question',
    deny: 'error',
  }
  const forget: Item[] = [
    {
      ...item('discard', vscode.l10n.t('Forget All "Always" Answers'), ''),
      detail: vscode.l10n.t(
        'Loads the folder anew; what you allowed "always" since its start is asked again.',
      ),
      run: () => forgetAnswers(context),
    },
  ]
  const items: Item[] = [
    // Where the server keeps and lists them, each can be revoked in the view "Server".
    ...(context.connection.savedRules ? [] : forget),
    {
      ...item('go-to-file', vscode.l10n.t('Edit in the Configuration'), ''),
      run: () => openConfiguration(context, { word: 'permission' }),
    },
    { label: vscode.l10n.t('The first one that fits decides'), kind: vscode.QuickPickItemKind.Separator },
    ...rules
      .toReversed()
      .map(({ permission, pattern, action }) => item(icons[action], `${permission}: ${action}`, pattern)),
  ]
  const title = vscode.l10n.t('Permission Rules of {0}', agent)
  await (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.run?.()
}

/** Takes back all "always" answers: the 1.x server keeps them in the memory of the folder and lists them nowhere. */
export async function forgetAnswers({ backend, connection, services }: RunningContext): Promise<void> {
  await reloadFolders(backend, connection)
  services.notify.done(vscode.l10n.t('Permissions are asked for again.'))
}

function item(icon: string, label: string, description: string, detail?: string): Item {
  return {
    label,
    description,
    iconPath: new vscode.ThemeIcon(icon),
    ...(detail === undefined ? {} : { detail }),
  }
}

function group(label: string, items: readonly Item[], otherwise?: string): Item[] {
  const separator: Item = { label, kind: vscode.QuickPickItemKind.Separator }
  if (items.length > 0) return [separator, ...items]
  return otherwise === undefined ? [] : [separator, { label: otherwise }]
}

async function openPath(path: string): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.file(path))
}
