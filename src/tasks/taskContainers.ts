import { removeProjectData } from '../server/container/containerLeftovers.ts'
import { labels } from '../server/container/containerOwner.ts'
import type { ContainerMount } from '../server/container/containerSettings.ts'
import type { Engine } from '../server/container/engine.ts'
import { removeGateway } from '../server/container/gateway.ts'
import type { TaskPlace } from './taskHost.ts'

/** What a container of a task gets to see besides its tree: the user's objects, never to be written. */
export function taskMounts({ readOnly }: TaskPlace): readonly ContainerMount[] {
  return readOnly.map((source) => ({ source, target: source, isReadOnly: true }))
}

/** Removes all containers of a task, running or not, with their networks and volumes. */
export async function removeTaskContainers(engine: Engine, { root }: TaskPlace): Promise<void> {
  const found = await engine.list([`${labels.workspace}=${root}`])
  const groups = new Set(found.map((entry) => entry.labels[labels.group]))
  await engine.remove(found.map(({ id }) => id))
  for (const group of groups) if (group !== undefined) await removeGateway(engine, group)
  await removeProjectData(engine, root)
}
