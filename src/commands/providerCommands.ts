import { basename } from 'node:path'
import * as vscode from 'vscode'
import type { Connection, ProviderSummary } from '../client/connection.ts'
import { OpencodeError } from '../opencode/errors.ts'
import { activeFolder } from '../platform/folders.ts'
import type { Backend } from '../views/backends.ts'
import { isBusy, whenIdle } from './busyWork.ts'
import type { commandIds } from './commandIds.ts'
import { backendInSight } from './commandSpec.ts'
import type { CommandContext, CommandSpec, RunningContext } from './commandSpec.ts'

type Name = keyof typeof commandIds

/** Keys of model providers: in the secret storage, and in the server while it runs. */
export const providerCommands = {
  setProviderKey: { whenRunning: (context) => setKey(context) },
  removeProviderKey: { run: (context) => removeKey(context) },
} satisfies Partial<Record<Name, CommandSpec>>

async function setKey(context: RunningContext): Promise<void> {
  const { backend, connection, credentials, services } = context
  const { providerKeys, profile } = backend
  const provider = await pickProvider(context, await credentials.providers(profile.id))
  if (!provider) return
  const known = await credentials.providerKey(profile.id, provider.id)
  const owner = await providerKeys.ownerOf(connection, provider.id, known)
  if (owner === 'user' && !(await agreesToReplace(provider.name))) return
  const key = await vscode.window.showInputBox({
    title: vscode.l10n.t('API key of {0}', provider.name),
    prompt: vscode.l10n.t('Kept in the secret storage of VS Code, and in the server while it runs.'),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.trim() === '' ? vscode.l10n.t('Paste the key, or press Escape.') : undefined,
  })
  if (key === undefined) return
  await credentials.setProviderKey(profile.id, provider.id, key.trim())
  await providerKeys.give(connection, provider.id, key.trim())
  await reloadAll(backend, connection)
  services.notify.done(vscode.l10n.t('The key of {0} is set.', provider.name))
}

async function removeKey(context: CommandContext): Promise<void> {
  const { credentials, services } = context
  const backend = await backendInSight(context)
  const { profile, providerKeys } = backend
  const providers = await credentials.providers(profile.id)
  if (providers.length === 0) {
    throw new OpencodeError(
      'not-found',
      vscode.l10n.t(
        'No provider API key was set here. Keys of OpenCode itself are removed with "opencode auth logout".',
      ),
    )
  }
  const providerID = await vscode.window.showQuickPick([...providers], {
    title: vscode.l10n.t('Remove the API key of'),
  })
  if (providerID === undefined) return
  const key = await credentials.providerKey(profile.id, providerID)
  const { connection } = backend.server
  const isTaken = connection && key !== undefined && (await providerKeys.take(connection, providerID, key))
  await credentials.removeProviderKey(profile.id, providerID)
  services.notify.done(vscode.l10n.t('The key of {0} is removed.', providerID))
  if (connection && isTaken === true) await reloadAll(backend, connection)
}

async function pickProvider(
  { backend, connection }: RunningContext,
  ours: readonly string[],
): Promise<ProviderSummary | undefined> {
  const directory = backend.directories[0] ?? (await activeFolder()).directory
  const providers = await connection.listProviders(directory)
  const items = [...providers]
    .sort((a, b) => Number(b.connected) - Number(a.connected) || a.name.localeCompare(b.name))
    .map((provider) => ({
      label: provider.name,
      description: [
        provider.id,
        ours.includes(provider.id) ? vscode.l10n.t('key set here') : '',
        provider.connected ? vscode.l10n.t('connected') : '',
      ]
        .filter((word) => word !== '')
        .join(' · '),
      provider,
    }))
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Provider'),
    matchOnDescription: true,
  })
  return picked?.provider
}

async function agreesToReplace(name: string): Promise<boolean> {
  const replace = vscode.l10n.t('Replace it')
  const question = vscode.l10n.t('OpenCode already has a login or key for {0}. Replace it for good?', name)
  const detail = vscode.l10n.t(
    'It cannot be brought back from here. Your new key is taken out again when the server stops.',
  )
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, replace)) === replace
}

/** Changed keys take effect when the server loads a folder anew, which ends what runs there. */
async function reloadAll({ hub, directories }: Backend, connection: Connection): Promise<void> {
  for (const directory of directories) {
    if (isBusy(hub, directory) && !(await mayReload(hub, directory))) continue
    await connection.reload(directory)
  }
}

async function mayReload(hub: Backend['hub'], directory: string): Promise<boolean> {
  const now = vscode.l10n.t('Interrupt and reload')
  const question = vscode.l10n.t(
    'A session runs in {0}. Use the changed key when it is done?',
    basename(directory),
  )
  const wait = new AbortController()
  const idle = whenIdle(hub, directory, wait.signal)
  const later = vscode.l10n.t('When it is done')
  const picked = await Promise.race([vscode.window.showInformationMessage(question, later, now), idle])
  if (picked === now) {
    wait.abort()
    return true
  }
  return idle
}
