import { removeGateway } from './gateway.ts'
import { removeServer } from './containerAdoption.ts'
import { findOwner, formatOwner, labels, ownIdentity, thisMachine } from './containerOwner.ts'
import type { Engine } from './engine.ts'
import type { ContainerEntry } from './engineAnswers.ts'

/** A container of ours that no window uses any more. */
export interface ContainerLeftover {
  readonly id: string
  readonly name: string
  readonly workspace: string
  readonly isRunning: boolean
}

/**
 * Finds the servers whose window is gone, by label and by the owner's process id and start time. Containers
 * of other machines that share the engine are never in the list.
 */
export async function listLeftovers(
  engine: Engine,
  signal?: AbortSignal,
): Promise<readonly ContainerLeftover[]> {
  const mine = await engine.list([`${labels.machine}=${thisMachine}`], signal)
  const states = await Promise.all(mine.map((entry) => leftoverState(engine, entry, mine)))
  return mine.filter((_, index) => states[index] === 'gone').map(toLeftover)
}

/**
 * Ends and removes leftovers with what belongs to them; volumes with sessions stay. One that a window takes over
 * in the meantime is left to it.
 */
export async function removeLeftovers(
  engine: Engine,
  leftovers: readonly ContainerLeftover[],
): Promise<void> {
  const owner = formatOwner(await ownIdentity())
  const ids = new Set(leftovers.map(({ id }) => id))
  const entries = (await engine.list([labels.role])).filter(({ id }) => ids.has(id))
  const servers = entries.filter((entry) => entry.labels[labels.role] === 'server')
  await Promise.all(servers.map((entry) => removeServer(engine, entry, owner)))
  const alone = entries.filter((entry) => !servers.includes(entry))
  await Promise.all(alone.map((entry) => removeGateway(engine, entry.labels[labels.group] ?? entry.name)))
}

/** What containers of ours keep for one workspace: sessions and caches. */
export interface ProjectData {
  readonly workspace: string
  readonly volumes: readonly string[]
}

/** The data of all workspaces that had a container on this engine. */
export async function listProjectData(engine: Engine): Promise<readonly ProjectData[]> {
  const found = new Map<string, string[]>()
  for (const volume of await engine.listVolumes([labels.workspace])) {
    const workspace = (await engine.volumeLabels(volume))[labels.workspace] ?? ''
    found.set(workspace, [...(found.get(workspace) ?? []), volume])
  }
  return [...found].map(([workspace, volumes]) => ({ workspace, volumes }))
}

/**
 * Deletes what the containers of a workspace keep: its sessions and caches. Fails while a container uses it.
 */
export async function removeProjectData(engine: Engine, workspace: string): Promise<void> {
  const volumes = await engine.listVolumes([`${labels.workspace}=${workspace}`])
  for (const volume of volumes) await engine.removeVolume(volume)
}

/** A gateway lives as long as the server that it belongs to, who is asked for its present owner. */
async function leftoverState(
  engine: Engine,
  entry: ContainerEntry,
  all: readonly ContainerEntry[],
): Promise<string> {
  const group = entry.labels[labels.group]
  const isGateway = entry.labels[labels.role] === 'gateway'
  const server = isGateway ? all.find(({ name, isRunning }) => isRunning && name === group) : undefined
  return (await findOwner(engine, server ?? entry)).state
}

function toLeftover(entry: ContainerEntry): ContainerLeftover {
  return {
    id: entry.id,
    name: entry.name,
    workspace: entry.labels[labels.workspace] ?? '',
    isRunning: entry.isRunning,
  }
}
