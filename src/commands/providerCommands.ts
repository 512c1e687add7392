import * as vscode from 'vscode'
import type { LoginMethod } from '../client/providers.ts'
import { OpencodeError } from '../opencode/errors.ts'
import type { commandIds } from './commandIds.ts'
import { backendInSight } from './commandSpec.ts'
import type { CommandContext, CommandSpec, RunningContext } from './commandSpec.ts'
import { logIn } from './providers/logIn.ts'
import { placeOf, readProviderStates } from './providers/providerStates.ts'
import type { ProviderState } from './providers/providerStates.ts'
import { applyCredentials } from './providers/reloadFolders.ts'
import { checkOwnKey, copyVariable, enterKey } from './providers/setKey.ts'

type Name = keyof typeof commandIds

/** Credentials of model providers: in the secret storage, in the server's store, in the environment. */
export const providerCommands = {
  showProviders: { whenRunning: (context) => showProviders(context) },
  setProviderKey: { whenRunning: (context) => setKey(context) },
  removeProviderKey: { run: (context) => removeKey(context) },
} satisfies Partial<Record<Name, CommandSpec>>

async function showProviders(context: RunningContext): Promise<void> {
  const state = await pickProvider(context, vscode.l10n.t('Providers'))
  if (!state) return
  const methods = await context.connection.providers.loginMethods(await placeOf(context))
  const items = actionsOf(context, state, methods.get(state.info.id) ?? [])
  const picked = await vscode.window.showQuickPick(items, {
    title: state.info.name,
    placeHolder: describe(state) || vscode.l10n.t('Not connected'),
  })
  await picked?.run()
}

async function setKey(context: RunningContext): Promise<void> {
  const state = await pickProvider(context, vscode.l10n.t('Provider'))
  if (state) await enterKey(context, state)
}

async function removeKey(context: CommandContext): Promise<void> {
  const { credentials } = context
  const backend = await backendInSight(context)
  const providers = await credentials.providers(backend.profile.id)
  if (providers.length === 0) {
    throw new OpencodeError(
      'not-found',
      vscode.l10n.t('No provider API key was set here. "OpenCode: Providers…" shows all that are connected.'),
    )
  }
  const title = vscode.l10n.t('Remove the API key of')
  const providerID = await vscode.window.showQuickPick([...providers], { title })
  if (providerID !== undefined) await removeOwnKey(context, providerID)
}

/** From the secret storage, and from the server when it has that one. */
async function removeOwnKey(context: CommandContext, providerID: string): Promise<void> {
  const { credentials, services } = context
  const backend = await backendInSight(context)
  const { profile, providerKeys } = backend
  const key = await credentials.providerKey(profile.id, providerID)
  const { connection } = backend.server
  const isTaken = connection && key !== undefined && (await providerKeys.take(connection, providerID, key))
  await credentials.removeProviderKey(profile.id, providerID)
  services.notify.done(vscode.l10n.t('The key of {0} is removed.', providerID))
  if (connection && isTaken === true) await applyCredentials(backend, connection)
}

/** What OpenCode has by itself is gone for good, so it is asked about. */
async function forgetLogin(context: RunningContext, { info }: ProviderState): Promise<void> {
  const { backend, connection, services } = context
  const disconnect = vscode.l10n.t('Disconnect')
  const question = vscode.l10n.t('Have OpenCode forget its login or key for {0}?', info.name)
  const detail = vscode.l10n.t('It is removed from the store of OpenCode, for the terminal too.')
  const picked = await vscode.window.showWarningMessage(question, { modal: true, detail }, disconnect)
  if (picked !== disconnect) return
  await connection.providers.disconnect(info.id)
  await applyCredentials(backend, connection)
  services.notify.done(vscode.l10n.t('{0} is disconnected.', info.name))
}

interface ProviderItem extends vscode.QuickPickItem {
  readonly state?: ProviderState
}

async function pickProvider(context: RunningContext, title: string): Promise<ProviderState | undefined> {
  const items = readProviderStates(context).then(providerItems)
  // A failure shows where the command is run, not in the list.
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('Connect, check or disconnect a model provider'),
    matchOnDescription: true,
  })
  await items
  return picked?.state
}

/** Those with a credential first, then those that the environment has one for, then the others. */
function providerItems(states: readonly ProviderState[]): ProviderItem[] {
  const sorted = [...states].sort((a, b) => a.info.name.localeCompare(b.info.name))
  const isConnected = ({ info, ownKey }: ProviderState): boolean =>
    info.source !== undefined || ownKey !== undefined
  const isSeen = (state: ProviderState): boolean => !isConnected(state) && state.variables.length > 0
  return [
    ...group(vscode.l10n.t('Connected'), sorted.filter(isConnected)),
    ...group(vscode.l10n.t('With a key in this environment'), sorted.filter(isSeen)),
    ...group(
      vscode.l10n.t('Not connected'),
      sorted.filter((state) => !isConnected(state) && !isSeen(state)),
    ),
  ]
}

function group(label: string, states: readonly ProviderState[]): ProviderItem[] {
  if (states.length === 0) return []
  const items = states.map((state) => ({
    label: state.info.name,
    description: describe(state),
    iconPath: new vscode.ThemeIcon(state.info.source ? 'pass-filled' : 'circle-large-outline'),
    state,
  }))
  return [{ label, kind: vscode.QuickPickItemKind.Separator }, ...items]
}

/** By whom it is connected, in a few words. */
function describe({ info, ownKey, usesOwnKey, variables }: ProviderState): string {
  const [variable = ''] = variables.length > 0 ? variables : info.environment
  if (usesOwnKey) return vscode.l10n.t('API key kept here')
  switch (info.source?.kind) {
    case 'key':
      return vscode.l10n.t('API key of OpenCode')
    case 'login':
      return vscode.l10n.t('login of OpenCode')
    case 'environment':
      return vscode.l10n.t('{0} of the environment, used by OpenCode itself', variable)
    case 'configuration':
      return vscode.l10n.t('set up in the configuration of OpenCode')
    case 'free':
      return vscode.l10n.t('free models, no credential')
    case undefined:
      if (ownKey !== undefined) return vscode.l10n.t('API key kept here, not used by the server')
      return variables.length > 0 ? vscode.l10n.t('{0} is set in this environment', variable) : ''
  }
}

interface Action extends vscode.QuickPickItem {
  readonly run: () => Promise<void>
}

function actionsOf(
  context: RunningContext,
  state: ProviderState,
  methods: readonly LoginMethod[],
): readonly Action[] {
  const { info, ownKey, usesOwnKey, variables } = state
  const action = (icon: string, label: string, run: () => Promise<void>): Action => ({
    label,
    iconPath: new vscode.ThemeIcon(icon),
    run,
  })
  const isStored = info.source?.kind === 'key' || info.source?.kind === 'login'
  const copied = info.source?.kind === 'environment' ? [] : variables
  return [
    ...methods.map((method) =>
      action('globe', vscode.l10n.t('Log In: {0}', method.label), () => logIn(context, state.info, method)),
    ),
    action(
      'key',
      ownKey === undefined ? vscode.l10n.t('Enter an API Key…') : vscode.l10n.t('Replace the API Key…'),
      () => enterKey(context, state),
    ),
    ...copied.map((name) =>
      action('copy', vscode.l10n.t('Copy {0} of This Environment…', name), () =>
        copyVariable(context, state, name),
      ),
    ),
    ...(ownKey !== undefined && info.keyCheck
      ? [action('pass', vscode.l10n.t('Check the Key'), () => checkOwnKey(context, state))]
      : []),
    ...(ownKey !== undefined
      ? [
          action('debug-disconnect', vscode.l10n.t('Remove the API Key'), () =>
            removeOwnKey(context, info.id),
          ),
        ]
      : []),
    ...(isStored && !usesOwnKey
      ? [action('debug-disconnect', vscode.l10n.t('Disconnect…'), () => forgetLogin(context, state))]
      : []),
  ]
}
