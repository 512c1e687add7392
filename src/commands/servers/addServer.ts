import * as vscode from 'vscode'
import type { ContainerProfile, ManagedProfile, ProfileKind, ServerProfile } from '../../opencode/profile.ts'
import { engineOf } from '../../profiles/launchers/container.ts'
import type { CommandContext } from '../commandSpec.ts'
import { connectFlow } from './connectFlow.ts'
import { kubernetesFlow } from './kubernetesFlow.ts'
import { askName, freeName } from './profileNames.ts'

interface Adder {
  readonly label: string
  readonly detail: string
  /** Asks what must be asked and saves the profile. Undefined: called off. */
  readonly add: (context: CommandContext, folder: string | undefined) => Promise<ServerProfile | undefined>
}

/** How a profile of each kind is added; a kind without an entry is not offered. */
const adders: Readonly<Partial<Record<ProfileKind, () => Adder>>> = {
  url: () => ({
    label: `$(plug) ${vscode.l10n.t('Running server…')}`,
    detail: vscode.l10n.t('An "opencode serve" here or on another machine, by its address'),
    add: (context, folder) => connectFlow(context, folder),
  }),
  container: () => ({
    label: `$(package) ${vscode.l10n.t('Container')}`,
    detail: vscode.l10n.t('OpenCode in Docker or Podman, with this folder and nothing else of the machine'),
    add: (context) => addContainer(context),
  }),
  kubernetes: () => ({
    label: `$(server-environment) ${vscode.l10n.t('Kubernetes…')}`,
    detail: vscode.l10n.t('A server in a cluster, through a port that kubectl forwards'),
    add: (context) => kubernetesFlow(context),
  }),
  managed: () => ({
    label: `$(terminal) ${vscode.l10n.t('Another program on this machine…')}`,
    detail: vscode.l10n.t('A server of its own, from another version of OpenCode'),
    add: (context) => addManaged(context),
  }),
}

/** Asks for the kind of server and adds a profile for it. Undefined: called off. */
export async function addServer(
  context: CommandContext,
  folder: string | undefined,
): Promise<ServerProfile | undefined> {
  const items = Object.values(adders).map((make) => make())
  const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Add server') })
  return picked?.add(context, folder)
}

async function addManaged({ services }: CommandContext): Promise<ServerProfile | undefined> {
  const name = await askName(services.profiles.all, '')
  if (name === undefined) return undefined
  const files = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('The opencode program'),
    canSelectMany: false,
  })
  const path = files?.[0]?.fsPath
  if (path === undefined) return undefined
  const profile: ManagedProfile = { kind: 'managed', id: `user:${name}`, source: 'user', name, path }
  await services.profiles.save(profile)
  return profile
}

/**
 * Adds a container without a question; what can be limited stands in the settings.
 *
 * @throws OpencodeError `engine-not-found`, `engine-not-running`, `forbidden`, before anything is changed
 */
export async function addContainer({ services }: CommandContext): Promise<ServerProfile> {
  const engine = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Looking for Docker or Podman') },
    () => engineOf({}),
  )
  const name = freeName(services.profiles.all, vscode.l10n.t('Container'))
  const profile: ContainerProfile = { kind: 'container', id: `user:${name}`, source: 'user', name }
  await services.profiles.save(profile)
  services.notify.done(vscode.l10n.t('The server profile "{0}" uses {1}.', name, engine.description))
  return profile
}
