import type { Endpoint } from '../../client/connection.ts'
import { isHeld } from './containerHandle.ts'
import { claim, labels, ownerState, readPassword, thisMachine } from './containerOwner.ts'
import { serverPort } from './containerPlan.ts'
import type { ContainerEntry, Engine } from './engine.ts'
import { probeHealth } from './healthProbe.ts'
import { removeGateway } from './gateway.ts'

export interface AdoptionRequest {
  readonly engine: Engine
  readonly workspace: string
  /** Of the settings; a container that was started with others is not taken over. */
  readonly hash: string
  readonly owner: string
  readonly username: string
  readonly signal: AbortSignal
}

export interface Adopted {
  readonly entry: ContainerEntry
  readonly endpoint: Endpoint
}

/**
 * Takes over a running server of this workspace whose window is gone (or is this one, before a reload of
 * the extension). Of several windows that try, one succeeds. Undefined when there is none to take.
 */
export async function adopt(request: AdoptionRequest): Promise<Adopted | undefined> {
  const { engine, hash, owner, signal } = request
  for (const entry of await ofWorkspace(engine, request.workspace, signal)) {
    const fits =
      entry.isRunning && entry.labels[labels.settings] === hash && entry.labels[labels.role] === 'server'
    if (!fits || !(await isFree(engine, entry))) continue
    const endpoint = await endpointOf(request, entry)
    if (!endpoint || (await probeHealth(endpoint)) !== 'healthy') continue
    if (await claim(engine, entry, owner)) return { entry, endpoint }
  }
  return undefined
}

/** Removes what earlier windows of this workspace left and nobody took over. */
export async function clearWorkspace(engine: Engine, workspace: string, signal: AbortSignal): Promise<void> {
  for (const entry of await ofWorkspace(engine, workspace, signal)) {
    if (entry.labels[labels.role] !== 'server') continue
    if (!(await isFree(engine, entry))) continue
    if (entry.isRunning) await engine.stop(entry.id, 2)
    await engine.remove([entry.id])
    const group = entry.labels[labels.group]
    if (group !== undefined) await removeGateway(engine, group)
  }
}

function ofWorkspace(
  engine: Engine,
  workspace: string,
  signal: AbortSignal,
): Promise<readonly ContainerEntry[]> {
  return engine.list([`${labels.workspace}=${workspace}`, `${labels.machine}=${thisMachine}`], signal)
}

async function isFree(engine: Engine, entry: ContainerEntry): Promise<boolean> {
  if (isHeld(entry.id)) return false
  const state = await ownerState(engine, entry)
  return state === 'gone' || state === 'own'
}

async function endpointOf(request: AdoptionRequest, entry: ContainerEntry): Promise<Endpoint | undefined> {
  const { engine, username } = request
  const group = entry.labels[labels.group]
  const published = await engine.state(group === undefined ? entry.id : `${group}-gateway`)
  const port = published?.ports[`${serverPort}/tcp`] ?? published?.hostPort
  const password = await readPassword(engine, entry.id)
  if (!port || password === undefined) return undefined
  return { url: `http://127.0.0.1:${port}`, username, password }
}
