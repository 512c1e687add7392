import * as vscode from 'vscode'
import type { ServerProfile } from '../../opencode/profile.ts'
import { knownFolders } from '../../platform/folders.ts'
import { KeptPlaces } from '../../util/keptPlaces.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import { explainStatus, placeOf } from '../../views/backend/serverWords.ts'
import type { CommandContext } from '../commandSpec.ts'
import { addContainer, addServer } from './addServer.ts'
import { editServer, openProfiles } from './editServer.ts'
import { mayLeave } from './serverEnd.ts'
import { switchServer } from './switchServer.ts'
import type { Folders } from './switchServer.ts'

/** Lets the user pick the server of a folder, and add, change or remove profiles. */
export async function selectServer(context: CommandContext): Promise<void> {
  const folders = await pickFolders(context)
  if (!folders) return
  for (;;) {
    const choice = await pickProfile(context, folders)
    if (!choice || choice.kind === 'settings') return choice && openProfiles()
    if (choice.kind === 'edit') await editServer(context, choice.profile, folders[0])
    else if (choice.kind === 'remove') await removeServer(context, choice.profile)
    else {
      const profile = await profileOf(context, choice, folders[0])
      if (profile) await switchServer(context, folders, profile)
      return
    }
  }
}

async function profileOf(
  context: CommandContext,
  choice: Extract<Choice, { kind: 'use' | 'add' | 'container' }>,
  folder: string | undefined,
): Promise<ServerProfile | undefined> {
  if (choice.kind === 'add') return addServer(context, folder)
  return choice.kind === 'container' ? addContainer(context) : choice.profile
}

/** Asks only where there are several folders; the one of the chat comes first. */
async function pickFolders({ chats, services }: CommandContext): Promise<Folders | undefined> {
  const folders = knownFolders()
  if (folders.length <= 1) return [folders[0]?.directory]
  const active = chats.active?.directory
  const sorted = [
    ...folders.filter(({ directory }) => directory === active),
    ...folders.filter(({ directory }) => directory !== active),
  ]
  const items = sorted.map(({ name, directory }) => ({
    label: `$(folder) ${name}`,
    description: services.profiles.for(directory).name,
    directories: [directory],
  }))
  const all = {
    label: `$(folder-library) ${vscode.l10n.t('All folders')}`,
    description: '',
    directories: folders.map(({ directory }) => directory),
  }
  const picked = await vscode.window.showQuickPick([...items, all], {
    title: vscode.l10n.t('Select the server of which folder?'),
  })
  return picked?.directories
}

type Choice =
  | { readonly kind: 'use'; readonly profile: ServerProfile }
  | { readonly kind: 'edit'; readonly profile: ServerProfile }
  | { readonly kind: 'remove'; readonly profile: ServerProfile }
  | { readonly kind: 'add' }
  | { readonly kind: 'container' }
  | { readonly kind: 'settings' }

interface Row extends vscode.QuickPickItem {
  readonly choice?: Choice
}

const editButton = (): vscode.QuickInputButton => ({
  iconPath: new vscode.ThemeIcon('edit'),
  tooltip: vscode.l10n.t('Edit'),
})
const removeButton = (): vscode.QuickInputButton => ({
  iconPath: new vscode.ThemeIcon('trash'),
  tooltip: vscode.l10n.t('Remove'),
})

async function pickProfile({ services }: CommandContext, folders: Folders): Promise<Choice | undefined> {
  const store = new DisposableStore()
  const picker = store.add(vscode.window.createQuickPick<Row>())
  const edit = editButton()
  const remove = removeButton()
  picker.title = titleOf(folders)
  picker.placeholder = vscode.l10n.t('Search servers')
  picker.matchOnDescription = true
  picker.matchOnDetail = true
  const places = new KeptPlaces<Row>(keyOf)
  let drawn = ''
  const draw = (): void => {
    const items = places.update(rows(services, folders, [edit, remove]))
    const active = picker.activeItems[0]
    const now = JSON.stringify(items)
    // Drawn anew only for a reason: a click in between would be lost.
    if (now === drawn) return
    drawn = now
    picker.items = items
    const again = active && items.find((item) => keyOf(item) === keyOf(active))
    if (again) picker.activeItems = [again]
  }
  store.add(services.backends.onDidChangeStatus(draw))
  store.add(services.profiles.onDidChange(draw))
  draw()
  return new Promise((resolve) => {
    const settle = (choice: Choice | undefined): void => {
      resolve(choice)
      store.dispose()
    }
    store.add(picker.onDidAccept(() => settle(picker.selectedItems[0]?.choice)))
    store.add(picker.onDidHide(() => settle(undefined)))
    store.add(
      picker.onDidTriggerItemButton(({ item, button }) => {
        if (item.choice?.kind !== 'use') return
        settle({ kind: button === edit ? 'edit' : 'remove', profile: item.choice.profile })
      }),
    )
    picker.show()
  })
}

/** What stays the same of a row while the list is open. */
function keyOf({ choice, label }: Row): string {
  return choice?.kind === 'use' ? choice.profile.id : label
}

function rows(
  { profiles, backends }: CommandContext['services'],
  folders: Folders,
  buttons: readonly vscode.QuickInputButton[],
): Row[] {
  const used = new Set(folders.map((folder) => profiles.for(folder).id))
  const current = profiles.for(folders[0])
  const known = profiles.all.map((profile): Row => {
    const backend = backends.all.find((each) => each.profile.id === profile.id)
    const state = backend && backend.server.status.kind !== 'stopped' ? explainStatus(backend) : undefined
    return {
      label: `${used.has(profile.id) ? '$(check)' : iconOf(profile)} ${profile.name}`,
      description: placeOf(profile),
      ...(state === undefined ? {} : { detail: state }),
      buttons: profile.source === 'builtin' ? [] : [...buttons],
      choice: { kind: 'use', profile },
    }
  })
  const broken = current.problem === undefined ? [] : [problemRow(current.problem)]
  const others = profiles.problems
    .filter(({ sentence }) => sentence !== current.problem)
    .map(({ sentence }) => problemRow(sentence))
  return [
    ...broken,
    ...known,
    ...others,
    ...(profiles.all.some(({ kind }) => kind === 'container') ? [] : [containerRow()]),
    { label: vscode.l10n.t('more'), kind: vscode.QuickPickItemKind.Separator },
    { label: `$(add) ${vscode.l10n.t('Add server…')}`, alwaysShow: true, choice: { kind: 'add' } },
    {
      label: `$(gear) ${vscode.l10n.t('Edit the profiles in the settings')}`,
      alwaysShow: true,
      choice: { kind: 'settings' },
    },
  ]
}

/** The way to a container in one step, until there is one in the list. */
function containerRow(): Row {
  return {
    label: `$(package) ${vscode.l10n.t('Run in a container')}`,
    description: vscode.l10n.t('Docker or Podman, with this folder and nothing else of the machine'),
    choice: { kind: 'container' },
  }
}

function problemRow(sentence: string): Row {
  return { label: `$(warning) ${sentence}`, choice: { kind: 'settings' } }
}

function iconOf({ kind }: ServerProfile): string {
  return { managed: '$(vm)', container: '$(package)', url: '$(plug)', kubernetes: '$(server-environment)' }[
    kind
  ]
}

function titleOf(folders: Folders): string {
  const [only] = knownFolders().filter(({ directory }) => folders.includes(directory))
  if (!only || knownFolders().length === 1) return vscode.l10n.t('Select server')
  return folders.length === 1
    ? vscode.l10n.t('Select the server of {0}', only.name)
    : vscode.l10n.t('Select the server of all folders')
}

async function removeServer(
  { services, credentials }: CommandContext,
  profile: ServerProfile,
): Promise<void> {
  const own = services.backends.all.filter((backend) => backend.profile.id === profile.id)
  const yes = vscode.l10n.t('Remove')
  const question = vscode.l10n.t('Remove the server profile "{0}"?', profile.name)
  const detail = detailOf(own.reduce((sum, { outbox }) => sum + outbox.entries().length, 0))
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return
  for (const backend of own) if (!(await mayLeave(backend))) return
  for (const backend of own) {
    backend.outbox.clear()
    await backend.end()
  }
  await services.profiles.remove(profile)
  await credentials.forget(profile.id)
}

/** `waiting`: how many messages were not delivered. */
function detailOf(waiting: number): string {
  const detail = vscode.l10n.t(
    'Its password and provider keys are removed from the secret storage. The server itself and its sessions stay.',
  )
  if (waiting === 0) return detail
  return `${detail} ${vscode.l10n.t('Messages that wait to be delivered to it are dropped: {0}.', waiting)}`
}
