import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint } from '../../client/connection.ts'
import { hold, letGo } from './containerHandle.ts'
import { type OwnerChange, claim, findOwner, labels, readPassword, thisMachine } from './containerOwner.ts'
import { serverPort } from './containerPlan.ts'
import type { Engine } from './engine.ts'
import type { ContainerEntry } from './engineAnswers.ts'
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
  const all = await ofWorkspace(engine, request.workspace, signal)
  for (const entry of all.filter((item) => item.isRunning && item.labels[labels.settings] === hash)) {
    const from = await soonFree(engine, entry, signal)
    if (from === undefined) continue
    const endpoint = await endpointOf(request, entry)
    if (!endpoint || (await probeHealth(endpoint)) !== 'healthy') continue
    if (await take(engine, entry, { from, to: owner })) return { entry, endpoint }
  }
  return undefined
}

/** A window that closes is given about four seconds by VS Code, and more on a busy machine. */
const patienceMs = 8000
const pauseMs = 300

/** Removes what earlier windows of this workspace left and nobody took over. */
export async function clearWorkspace(request: AdoptionRequest): Promise<void> {
  const { engine, owner, signal } = request
  for (const entry of await ofWorkspace(engine, request.workspace, signal)) {
    await removeServer(engine, entry, owner)
  }
}

/** Ends and removes a server that nobody uses, unless somebody takes it over at this moment. */
export async function removeServer(engine: Engine, entry: ContainerEntry, owner: string): Promise<void> {
  const from = await freeOwner(engine, entry)
  if (from === undefined || !(await take(engine, entry, { from, to: owner }))) return
  try {
    if (entry.isRunning) await engine.stop(entry.id, 2)
    await engine.remove([entry.id])
    const group = entry.labels[labels.group]
    if (group !== undefined) await removeGateway(engine, group)
  } finally {
    letGo(entry.name)
  }
}

/** Makes a container ours, first within this process, then among all of them. */
async function take(engine: Engine, entry: ContainerEntry, change: OwnerChange): Promise<boolean> {
  if (!hold(entry.name)) return false
  // One that has ended can only be removed, and that twice does no harm.
  const isOurs = !entry.isRunning || (await claim(engine, entry, change).catch(() => false))
  if (!isOurs) letGo(entry.name)
  return isOurs
}

function ofWorkspace(
  engine: Engine,
  workspace: string,
  signal: AbortSignal,
): Promise<readonly ContainerEntry[]> {
  const wanted = [
    `${labels.workspace}=${workspace}`,
    `${labels.machine}=${thisMachine}`,
    `${labels.role}=server`,
  ]
  return engine.list(wanted, signal)
}

/** The owner of a container that no window uses; undefined when one does. */
async function freeOwner(engine: Engine, entry: ContainerEntry): Promise<string | undefined> {
  const { state, text } = await findOwner(engine, entry)
  return state === 'gone' || state === 'own' ? text : undefined
}

/** A window that reloads may still be about to let go. */
async function soonFree(
  engine: Engine,
  entry: ContainerEntry,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (let waited = 0; waited < patienceMs && !signal.aborted; waited += pauseMs) {
    const { state, text } = await findOwner(engine, entry)
    if (state === 'gone' || state === 'own') return text
    if (state === 'elsewhere') return undefined
    await sleep(pauseMs)
  }
  return undefined
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
