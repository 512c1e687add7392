import * as vscode from 'vscode'
import type { McpServer } from '../../client/serverFeatures.ts'
import { logIn } from '../providers/logIn.ts'
import { placeOf } from '../providers/providerStates.ts'
import { mcpIcons, mcpState } from '../../views/server/serverNodes.ts'
import type { RunningContext } from '../commandSpec.ts'
import { toServer } from './newMcpServer.ts'
import { openConfiguration } from './openConfiguration.ts'

interface Item extends vscode.QuickPickItem {
  readonly run?: () => Promise<void>
}

/** The MCP servers of the folder with their states, and what can be done about each. */
export async function showMcpServers(context: RunningContext): Promise<void> {
  const directory = await placeOf(context)
  const items = context.connection.features.mcpServers(directory).then((servers): Item[] => [
    ...servers.map((server) => ({
      label: server.name,
      description: mcpState(server.status),
      iconPath: new vscode.ThemeIcon(mcpIcons[server.status]),
      run: () => showServer(context, directory, server),
      ...(server.error === undefined ? {} : { detail: server.error }),
    })),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    {
      label: vscode.l10n.t('Add a Server…'),
      iconPath: new vscode.ThemeIcon('add'),
      run: () => addServer(context, directory),
    },
    {
      label: vscode.l10n.t('Edit in the Configuration'),
      iconPath: new vscode.ThemeIcon('go-to-file'),
      run: () => openConfiguration(context, { word: 'mcp' }),
    },
  ])
  const title = vscode.l10n.t('MCP Servers')
  const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true })
  await items
  await picked?.run?.()
}

/** Lets the user pick one of the folder by its name. */
export async function pickMcpServer(
  { connection }: RunningContext,
  directory: string,
): Promise<string | undefined> {
  const items = connection.features.mcpServers(directory).then((servers) =>
    servers.map(({ name, status }) => ({
      label: name,
      description: mcpState(status),
      iconPath: new vscode.ThemeIcon(mcpIcons[status]),
    })),
  )
  const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('MCP Server') })
  await items
  return picked?.label
}

async function showServer(context: RunningContext, directory: string, server: McpServer): Promise<void> {
  const { features } = context.connection
  const { name, status } = server
  const action = (icon: string, label: string, run: () => Promise<void>): Item => ({
    label,
    iconPath: new vscode.ThemeIcon(icon),
    run,
  })
  const connect = action('plug', vscode.l10n.t('Connect'), () =>
    change(context, directory, name, () => features.connectMcp(directory, name)),
  )
  const disconnect = action('debug-disconnect', vscode.l10n.t('Disconnect'), () =>
    change(context, directory, name, () => features.disconnectMcp(directory, name)),
  )
  const logIn = action('globe', vscode.l10n.t('Log In in the Browser'), () =>
    logInTo(context, directory, name),
  )
  const edit = action('go-to-file', vscode.l10n.t('Edit in the Configuration'), () =>
    openConfiguration(context, { word: name }),
  )
  const items = [
    ...(status === 'connected' ? [disconnect] : [connect]),
    ...(status === 'needs-login' ? [logIn] : []),
    edit,
  ]
  const placeHolder = [mcpState(status), server.error].filter((part) => part !== undefined).join(': ')
  await (await vscode.window.showQuickPick(items, { title: name, placeHolder }))?.run?.()
}

/** Says how the server is afterwards, since a failure is a state and no error. */
export async function change(
  { connection, services }: RunningContext,
  directory: string,
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  const title = vscode.l10n.t('MCP server {0}…', name)
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, work)
  const server = (await connection.features.mcpServers(directory)).find((each) => each.name === name)
  if (!server) return
  const state = vscode.l10n.t('MCP server {0}: {1}.', name, mcpState(server.status))
  if (server.status === 'failed') await services.notify.warn(`${state} ${server.error ?? ''}`.trim())
  else services.notify.done(state)
}

/**
 * Logs in to a server; the browser opens where the OpenCode server runs, or here where OpenCode has one log in to it
 * as to a provider.
 */
export async function logInTo(context: RunningContext, directory: string, name: string): Promise<void> {
  const { features, providers } = context.connection
  const server = (await features.mcpServers(directory)).find((each) => each.name === name)
  if (server?.loginID !== undefined) {
    const [method] = (await providers.loginMethods(directory)).get(server.loginID) ?? []
    if (method) return logIn(context, { id: server.loginID, name }, method)
  }
  const title = vscode.l10n.t('Waiting for your login to {0} in the browser…', name)
  const location = vscode.ProgressLocation.Notification
  await vscode.window.withProgress({ location, title, cancellable: true }, async (_, token) => {
    const controller = new AbortController()
    token.onCancellationRequested(() => controller.abort())
    await features.logInToMcp(directory, name, controller.signal)
  })
  context.services.notify.done(vscode.l10n.t('You are logged in to {0}.', name))
}

/** Asks for name and place, and adds a server until OpenCode stops. */
export async function addServer(context: RunningContext, directory: string): Promise<void> {
  const title = vscode.l10n.t('Add an MCP Server')
  const name = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('Its name, as the names of its tools begin'),
    validateInput: (value) =>
      /^[\w-]{1,64}$/.test(value.trim()) ? undefined : vscode.l10n.t('Letters, digits, "-" and "_".'),
  })
  if (name === undefined) return
  const place = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('Its https:// address, or the command that starts it'),
    placeHolder: 'npx -y some-mcp-server --flag',
    validateInput: (value) => (value.trim() === '' ? vscode.l10n.t('An address or a command.') : undefined),
    ignoreFocusOut: true,
  })
  if (place === undefined) return
  await change(context, directory, name.trim(), () =>
    context.connection.features.addMcp(directory, name.trim(), toServer(place.trim())),
  )
  const edit = vscode.l10n.t('Open Configuration')
  const text = vscode.l10n.t(
    '"{0}" is there until the server stops. To keep it, add it to the configuration.',
    name,
  )
  if ((await vscode.window.showInformationMessage(text, edit)) === edit) {
    await openConfiguration(context, { word: 'mcp' })
  }
}
