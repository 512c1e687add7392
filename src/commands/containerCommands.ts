import { basename } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { ownImage } from '../profiles/launchers/container.ts'
import { builtName, listOldImages } from '../server/container/containerImage.ts'
import {
  type ContainerLeftover,
  listLeftovers,
  listProjectData,
  removeLeftovers,
  removeProjectData,
} from '../server/container/containerLeftovers.ts'
import type { Engine } from '../server/container/engine.ts'
import { surveyEngines } from '../server/container/engineDetection.ts'
import type { commandIds } from './commandIds.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'

type Name = keyof typeof commandIds

/** What containers leave behind, and what they print. */
export const containerCommands = {
  showContainerLog: {
    async run({ services }) {
      services.log.showContainer()
      return Promise.resolve()
    },
  },
  cleanUpContainers: { run: (context) => cleanUp(context) },
} satisfies Partial<Record<Name, CommandSpec>>

type Kind = 'container' | 'image' | 'data'

interface Waste extends vscode.QuickPickItem {
  readonly what: Kind
  /** @throws OpencodeError when it is in use */
  readonly remove: () => Promise<unknown>
}

/** Lists what no window uses, and removes what the user picks. */
async function cleanUp(context: CommandContext): Promise<void> {
  const engines = await answeringEngines()
  const lists = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Looking for leftover containers') },
    () => Promise.all(engines.map((engine) => wasteOf(engine, context))),
  )
  const waste = lists.flat()
  if (waste.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('There is nothing to clean up: no container, image or data that nobody uses.'),
    )
    return
  }
  const picked = await vscode.window.showQuickPick(grouped(waste), {
    title: vscode.l10n.t('Clean Up Containers'),
    placeHolder: vscode.l10n.t('Choose what to remove'),
    canPickMany: true,
    matchOnDescription: true,
  })
  const chosen = (picked ?? []).filter((item): item is Waste => 'remove' in item)
  const data = chosen.filter(({ what }) => what === 'data')
  if (chosen.length === 0 || !(await agreesToDelete(data))) return
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Cleaning up') },
    () => removeAll(chosen),
  )
  context.services.notify.done(vscode.l10n.t('Removed: {0}', chosen.length))
}

/** Every engine of this machine that answers. @throws OpencodeError why none does */
async function answeringEngines(): Promise<readonly Engine[]> {
  const found = await surveyEngines({
    choice: { engine: 'auto' },
    env: process.env,
    platform: process.platform,
    timeoutMs: 5000,
  })
  const engines = found.flatMap(({ engine }) => engine ?? [])
  // `docker` may be Podman by another name.
  const different = engines.filter(
    ({ facts }, index) => engines.findIndex((other) => other.facts.kind === facts.kind) === index,
  )
  if (different.length > 0) return different
  throw (
    found.map(({ error }) => error).find((error) => error && error.code !== 'engine-not-found') ??
    new OpencodeError('engine-not-found', vscode.l10n.t('Neither Docker nor Podman is installed.'))
  )
}

async function wasteOf(engine: Engine, { services }: CommandContext): Promise<readonly Waste[]> {
  const current = await builtName(await ownImage(services.extensionUri, engine.facts))
  const [containers, images, data] = await Promise.all([
    listLeftovers(engine),
    listOldImages(engine, current),
    listProjectData(engine),
  ])
  const on = engine.description
  return [
    ...containers.map((leftover) => containerItem(engine, leftover)),
    ...images.map((name) => ({
      what: 'image' as const,
      label: `$(package) ${name}`,
      description: on,
      picked: true,
      remove: () => removeImage(engine, name),
    })),
    ...data.map(({ workspace, volumes }) => ({
      what: 'data' as const,
      label: `$(database) ${basename(workspace)}`,
      description: workspace,
      detail: vscode.l10n.t('Sessions and caches of this folder in {0}', volumes.join(', ')),
      remove: () => removeProjectData(engine, workspace),
    })),
  ]
}

function containerItem(engine: Engine, leftover: ContainerLeftover): Waste {
  const { name, workspace, isRunning } = leftover
  return {
    what: 'container',
    label: `$(vm) ${basename(workspace)}`,
    description: isRunning ? vscode.l10n.t('runs without a window') : vscode.l10n.t('has ended'),
    detail: `${name} · ${workspace} · ${engine.description}`,
    picked: true,
    remove: () => removeLeftovers(engine, [leftover]),
  }
}

async function removeImage(engine: Engine, name: string): Promise<void> {
  if (await engine.removeImage(name)) return
  throw new OpencodeError('conflict', vscode.l10n.t('The image {0} is in use and stays.', name))
}

function grouped(waste: readonly Waste[]): readonly (Waste | vscode.QuickPickItem)[] {
  const titles: Readonly<Record<Kind, string>> = {
    container: vscode.l10n.t('Containers without a window'),
    image: vscode.l10n.t('Images of earlier versions'),
    data: vscode.l10n.t('Data of folders'),
  }
  return (['container', 'image', 'data'] as const).flatMap((kind) => {
    const items = waste.filter(({ what }) => what === kind)
    const separator = { label: titles[kind], kind: vscode.QuickPickItemKind.Separator }
    return items.length === 0 ? [] : [separator, ...items]
  })
}

async function agreesToDelete(data: readonly Waste[]): Promise<boolean> {
  if (data.length === 0) return true
  const yes = vscode.l10n.t('Delete sessions')
  const question = vscode.l10n.t('Delete the sessions of {0} folders?', data.length)
  const detail = vscode.l10n.t(
    'What was said in containers for these folders is lost for good. Their files stay:\n{0}',
    data.map(({ description }) => description).join('\n'),
  )
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes
}

/** Containers first, because they use the others. All that can be is removed, then the first failure is told. */
async function removeAll(chosen: readonly Waste[]): Promise<void> {
  const failures: unknown[] = []
  for (const kind of ['container', 'image', 'data'] as const) {
    for (const item of chosen.filter(({ what }) => what === kind)) {
      await item.remove().catch((error: unknown) => failures.push(error))
    }
  }
  if (failures.length > 0) throw failures[0]
}
