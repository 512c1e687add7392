import * as vscode from 'vscode'
import type {
  Formatter,
  LanguageServer,
  McpServer,
  PermissionRule,
  Skill,
} from '../../client/serverFeatures.ts'
import type { Catalog } from '../../opencode/catalog.ts'
import type { Account } from '../../client/accounts.ts'
import { relativeTime } from '../relativeTime.ts'
import type { AlwaysAnswer } from './alwaysAnswers.ts'
import { edit, row, section } from './serverRows.ts'
import type { ServerNode, ServerPlace } from './serverRows.ts'
import { accountRow, workSections } from './workNodes.ts'

/** All that a running server has in a folder. */
export async function sectionsOf(place: ServerPlace): Promise<readonly ServerNode[]> {
  const { connection, directory, answers } = place
  const { features, capabilities } = connection
  const catalog = memo(() => connection.readCatalog(directory))
  return [
    section({ id: 'providers', icon: 'plug', label: vscode.l10n.t('Providers') }, async () =>
      providers(await catalog(), (await connection.accounts?.list(directory)) ?? []),
    ),
    await mcpSection(place),
    section({ id: 'agents', icon: 'hubot', label: vscode.l10n.t('Agents and their rules') }, async () =>
      agents(place, await catalog()),
    ),
    section({ id: 'commands', icon: 'terminal', label: vscode.l10n.t('Commands') }, async () =>
      commands(await catalog()),
    ),
    section({ id: 'skills', icon: 'lightbulb', label: vscode.l10n.t('Skills') }, async () =>
      (await features.skills(directory)).map(skillRow),
    ),
    ...(capabilities.languageServers ? [languageSection(place)] : []),
    ...(capabilities.formatters
      ? [
          section({ id: 'formatters', icon: 'list-flat', label: vscode.l10n.t('Formatters') }, async () =>
            (await features.formatters(directory)).map(formatterRow),
          ),
        ]
      : []),
    ...(await workSections(place)),
    ...(connection.savedRules ? [] : [alwaysSection(answers)]),
  ]
}

function languageSection({ connection, directory }: ServerPlace): ServerNode {
  const look = {
    id: 'lsp',
    icon: 'symbol-namespace',
    label: vscode.l10n.t('Language servers'),
    otherwise: vscode.l10n.t('None runs: they start with the first file that they are for'),
  }
  return section(look, async () =>
    (await connection.features.languageServers(directory)).map(languageServerRow),
  )
}

/** How an MCP server stands, in a few words. */
export function mcpState(status: McpServer['status']): string {
  const words: Readonly<Record<McpServer['status'], string>> = {
    connected: vscode.l10n.t('connected'),
    disabled: vscode.l10n.t('disabled'),
    failed: vscode.l10n.t('failed'),
    'needs-login': vscode.l10n.t('needs a login'),
    'needs-registration': vscode.l10n.t('needs a client id in the configuration'),
    other: vscode.l10n.t('in a state that is not known here'),
  }
  return words[status]
}

export const mcpIcons: Readonly<Record<McpServer['status'], string>> = {
  connected: 'pass-filled',
  disabled: 'circle-slash',
  failed: 'error',
  'needs-login': 'lock',
  'needs-registration': 'lock',
  other: 'question',
}

/** How many are connected stands on the section itself, so they are read with it. */
async function mcpSection({ connection, directory }: ServerPlace): Promise<ServerNode> {
  const look = { id: 'mcp', icon: 'server-environment', label: vscode.l10n.t('MCP servers') }
  try {
    const servers = await connection.features.mcpServers(directory)
    const up = servers.filter(({ status }) => status === 'connected').length
    const description = servers.length === 0 ? '' : vscode.l10n.t('{0} of {1} connected', up, servers.length)
    return section({ ...look, description }, () => servers.map(mcpRow))
  } catch (error) {
    return section(look, () => {
      throw error
    })
  }
}

function mcpRow({ name, status, error }: McpServer): ServerNode {
  const isBad = status === 'failed' || status.startsWith('needs')
  const state = mcpState(status)
  const node = row({
    id: `mcp.${name}`,
    icon: mcpIcons[status],
    label: name,
    description: error === undefined ? state : `${state}: ${error}`,
    context: `mcp.${status}`,
    command: edit(name),
    ...(isBad ? { colour: 'problemsWarningIcon.foreground' } : {}),
  })
  return { ...node, mcpServer: name }
}

/** A provider with accounts opens them; the others lead to what can be done about providers. */
function providers({ models }: Catalog, accounts: readonly Account[]): readonly ServerNode[] {
  const names = new Map(models.map(({ providerID, providerName }) => [providerID, providerName]))
  for (const { providerID } of accounts) if (!names.has(providerID)) names.set(providerID, providerID)
  return [...names].map(([id, label]) => {
    const count = models.filter(({ providerID }) => providerID === id).length
    const description = count === 1 ? vscode.l10n.t('one model') : vscode.l10n.t('{0} models', count)
    const look = { id: `provider.${id}`, icon: 'pass-filled', label, description }
    const own = accounts.filter(({ providerID }) => providerID === id)
    if (own.length > 0) return section(look, () => own.map(accountRow))
    return row({ ...look, command: ['opencodeSessions.showProviders'] })
  })
}

function agents({ connection, directory }: ServerPlace, catalog: Catalog): readonly ServerNode[] {
  return catalog.agents.map(({ name, mode, description }) => {
    const tooltip = [description, vscode.l10n.t('Of its permission rules the first one that fits decides.')]
    const look = { id: `agent.${name}`, icon: 'hubot', label: name, description: mode, context: 'agent' }
    return section({ ...look, tooltip: tooltip.filter(Boolean).join('\n\n') }, async () => {
      // The last rule of the server decides, so it is listed first.
      const rules = (await connection.features.permissionRules(directory, name)).toReversed()
      return rules.map((rule, index) => ruleRow(`rule.${name}.${String(index)}`, rule))
    })
  })
}

const ruleIcons: Readonly<Record<PermissionRule['action'], string>> = {
  allow: 'pass',
  ask: 'question',
  deny: 'error',
}

function ruleRow(id: string, { permission, pattern, action }: PermissionRule): ServerNode {
  const label = `${permission}: ${action}`
  return row({ id, icon: ruleIcons[action], label, description: pattern, command: edit('permission') })
}

function commands(catalog: Catalog): readonly ServerNode[] {
  return catalog.commands.map(({ name, description = '' }) =>
    row({ id: `command.${name}`, icon: 'terminal', label: `/${name}`, description, command: edit(name) }),
  )
}

function skillRow({ name, description = '', path }: Skill): ServerNode {
  const look = { id: `skill.${name}`, icon: 'lightbulb', label: name, description }
  return row(path === undefined ? look : { ...look, command: ['vscode.open', vscode.Uri.file(path)] })
}

function languageServerRow({ name, root, isConnected }: LanguageServer): ServerNode {
  const description = isConnected ? root : vscode.l10n.t('failed')
  const icon = isConnected ? 'pass' : 'error'
  return row({ id: `lsp.${name}.${root}`, icon, label: name, description, command: edit('lsp') })
}

function formatterRow({ name, extensions, isEnabled }: Formatter): ServerNode {
  const look = { id: `formatter.${name}`, icon: isEnabled ? 'pass' : 'circle-slash', label: name }
  return row({ ...look, description: extensions.join(' '), command: edit('formatter') })
}

function alwaysSection(answers: readonly AlwaysAnswer[]): ServerNode {
  const look = {
    id: 'always',
    icon: 'unlock',
    label: vscode.l10n.t('Allowed "always"'),
    description: answers.length > 0 ? String(answers.length) : '',
    context: answers.length > 0 ? 'answers' : 'noAnswers',
    tooltip: vscode.l10n.t('What was allowed "always" from this window; the server does not list the rest.'),
    otherwise: vscode.l10n.t('Nothing from this window; the server does not list what was allowed elsewhere'),
  }
  return section(look, () => answers.map(alwaysRow))
}

function alwaysRow({ action, patterns, given, directory }: AlwaysAnswer, index: number): ServerNode {
  return row({
    id: `always.${String(index)}`,
    icon: 'pass',
    label: `${action}: ${patterns.join(', ')}`,
    description: relativeTime(given),
    tooltip: vscode.l10n.t('Not asked about in {0} until the folder is loaded anew', directory),
  })
}

function memo<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => (result ??= read())
}
