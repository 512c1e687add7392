import { removeGateway } from './gateway.ts'
import { labels, ownerState, thisMachine } from './containerOwner.ts'
import type { ContainerEntry, Engine } from './engine.ts'

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

/** Ends and removes leftovers with what belongs to them; volumes with sessions stay. */
export async function removeLeftovers(
  engine: Engine,
  leftovers: readonly ContainerLeftover[],
): Promise<void> {
  await Promise.all(
    leftovers.filter(({ isRunning }) => isRunning).map(({ id }) => engine.stop(id, 2).catch(() => undefined)),
  )
  await engine.remove(leftovers.map(({ id }) => id))
  const groups = new Set(leftovers.map(({ name }) => name.replace(/-gateway$/, '')))
  await Promise.all([...groups].map((group) => removeGateway(engine, group)))
}

/**
 * Deletes what the containers of a workspace keep: its sessions and caches. Fails while a container uses it.
 */
export async function removeProjectData(engine: Engine, workspace: string): Promise<void> {
  const volumes = await engine.listVolumes([`${labels.workspace}=${workspace}`])
  for (const volume of volumes) await engine.removeVolume(volume)
}

/** A gateway lives as long as the server that it belongs to, who is asked for its present owner. */
function leftoverState(
  engine: Engine,
  entry: ContainerEntry,
  all: readonly ContainerEntry[],
): Promise<string> {
  const group = entry.labels[labels.group]
  const isGateway = entry.labels[labels.role] === 'gateway'
  const server = isGateway ? all.find(({ name, isRunning }) => isRunning && name === group) : undefined
  return ownerState(engine, server ?? entry)
}

function toLeftover(entry: ContainerEntry): ContainerLeftover {
  return {
    id: entry.id,
    name: entry.name,
    workspace: entry.labels[labels.workspace] ?? '',
    isRunning: entry.isRunning,
  }
}
