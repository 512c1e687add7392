import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import type { ServerProfile, UrlProfile } from '../../opencode/profile.ts'
import { defaultUsername } from '../../profiles/launchers/url.ts'
import type { Backend } from '../../views/backend/backends.ts'
import type { CommandContext } from '../commandSpec.ts'
import { askClientCertificate, askPassphrase, pickPem } from './certificateFlow.ts'
import { connectFlow } from './connectFlow.ts'
import { askName } from './profileNames.ts'

/** Opens the list of profiles in the user's settings file. */
export async function openProfiles(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openSettingsJson', {
    revealSetting: { key: 'opencodeSessions.server.profiles', edit: true },
  })
}

interface Field extends vscode.QuickPickItem {
  /** Gives the changed profile; undefined: nothing changed. */
  readonly change: () => Promise<ServerProfile | undefined>
}

/** Lets the user change a profile field by field; what has no question of its own is changed in the settings. */
export async function editServer(
  context: CommandContext,
  profile: ServerProfile,
  folder: string | undefined,
): Promise<void> {
  const { profiles } = context.services
  const title = vscode.l10n.t('Edit the server profile "{0}"', profile.name)
  const settings: Field = {
    label: `$(gear) ${vscode.l10n.t('All fields in the settings')}`,
    change: async () => {
      await openProfiles()
      return undefined
    },
  }
  const fields = [
    nameField(context, profile),
    ...(profile.kind === 'url' ? urlFields(context, profile, folder) : []),
    settings,
  ]
  const picked = await vscode.window.showQuickPick(fields, { title, matchOnDescription: true })
  const next = await picked?.change()
  if (!next) return
  await profiles.save(next, profile.name)
  await editServer(context, next, folder)
}

function nameField({ services, credentials }: CommandContext, profile: ServerProfile): Field {
  return {
    label: vscode.l10n.t('Name'),
    description: profile.name,
    change: async () => {
      const name = await askName(services.profiles.all, profile.name)
      if (name === undefined || name === profile.name) return undefined
      const isInUse = ({ outbox, profile: own }: Backend): boolean =>
        own.id === profile.id && outbox.entries().length > 0
      if (services.backends.all.some(isInUse)) {
        throw new OpencodeError(
          'busy',
          vscode.l10n.t('Messages wait to be delivered to this server. Rename it when they are.'),
        )
      }
      const id = `${profile.source}:${name}`
      await credentials.move(profile.id, id)
      return { ...profile, name, id }
    },
  }
}

function urlFields(
  context: CommandContext,
  profile: UrlProfile,
  folder: string | undefined,
): readonly Field[] {
  const { caFile, certificateFile, keyFile, proxy, paths = [] } = profile
  const none = vscode.l10n.t('none')
  return [
    {
      label: vscode.l10n.t('Address, user and password'),
      description: `${profile.username ?? defaultUsername} · ${profile.url}`,
      change: () => connectFlow(context, folder, profile),
    },
    {
      label: vscode.l10n.t('Certificate authorities (CA)'),
      description: caFile ?? none,
      change: async () => {
        const file = await pickPem(vscode.l10n.t('Certificate authorities (PEM)'))
        return file === undefined ? undefined : { ...profile, caFile: file }
      },
    },
    {
      label: vscode.l10n.t('Client certificate and key'),
      description: certificateFile ?? none,
      change: () => changeCertificate(context, profile),
    },
    ...(keyFile === undefined ? [] : [passphraseField(context, profile, keyFile)]),
    { label: vscode.l10n.t('Proxy'), description: proxy ?? none, change: () => changeProxy(profile) },
    {
      label: vscode.l10n.t('Paths'),
      description: paths.map(({ local, remote }) => `${local} → ${remote}`).join(', ') || none,
      change: async () => {
        const { paths: _, ...rest } = profile
        return connectFlow(context, folder, rest)
      },
    },
  ]
}

async function changeCertificate(
  { credentials }: CommandContext,
  profile: UrlProfile,
): Promise<UrlProfile | undefined> {
  const asked = await askClientCertificate(profile)
  if (!asked) return undefined
  const { keyFile } = asked.profile
  const { passphrase } = asked.secrets
  if (keyFile !== undefined && passphrase !== undefined)
    await credentials.setPassphrase(profile.id, keyFile, passphrase)
  return asked.profile
}

function passphraseField({ credentials }: CommandContext, profile: UrlProfile, keyFile: string): Field {
  return {
    label: vscode.l10n.t('Passphrase of the key'),
    change: async () => {
      const passphrase = await askPassphrase(keyFile)
      if (passphrase === undefined) return undefined
      await credentials.setPassphrase(profile.id, keyFile, passphrase)
      return profile
    },
  }
}

async function changeProxy(profile: UrlProfile): Promise<UrlProfile | undefined> {
  const { proxy: before, ...rest } = profile
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Proxy'),
    prompt: vscode.l10n.t('E.g. http://proxy.example:3128; empty: that of the settings'),
    value: before ?? '',
    ignoreFocusOut: true,
    validateInput: (each) =>
      each.trim() === '' || /^https?:\/\/\S+$/.test(each.trim())
        ? undefined
        : vscode.l10n.t('Enter an address such as http://proxy.example:3128.'),
  })
  if (text === undefined) return undefined
  return text.trim() === '' ? rest : { ...rest, proxy: text.trim() }
}
