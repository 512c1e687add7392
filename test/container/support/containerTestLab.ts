import { execFile } from 'node:child_process'
import { chown, readFile, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { connect } from '../../../src/client/connect.ts'
import { mapPaths } from '../../../src/client/paths/mappedConnection.ts'
import type { ClientLog, Connection } from '../../../src/client/connection.ts'
import { newBlockID, newMessageID } from '../../../src/opencode/newIds.ts'
import type { PromptPart, Session } from '../../../src/session/model.ts'
import { type ContainerSettings } from '../../../src/server/container/containerSettings.ts'
import { defaultSettings } from '../../support/containerSettings.ts'
import type { KeeperProgram } from '../../../src/server/container/containerKeeper.ts'
import {
  ContainerLauncher,
  type ContainerLauncherOptions,
} from '../../../src/server/container/containerLauncher.ts'
import type { ContainerHandle } from '../../../src/server/container/containerHandle.ts'
import { labels } from '../../../src/server/container/containerOwner.ts'
import { removeProjectData } from '../../../src/server/container/containerLeftovers.ts'
import type { Engine } from '../../../src/server/container/engine.ts'
import { prepareContainers, type ContainerParts } from '../../../scripts/lib/containerLab.ts'
import { startRelay } from '../../../scripts/lib/relay.ts'
import {
  modelConfig,
  offlineEnvironment,
  repositoryRoot,
  startLab,
  type Lab,
} from '../../support/opencodeLab.ts'

export interface ContainerTestLab extends ContainerParts {
  readonly lab: Lab
  readonly log: string[]
  /** Where containers find the scripted model. */
  readonly modelUrlInside: string
  launcher(
    changes?: Partial<ContainerSettings>,
    options?: Partial<ContainerLauncherOptions>,
  ): ContainerLauncher
  launch(changes?: Partial<ContainerSettings>): Promise<ContainerHandle>
  connect(handle: ContainerHandle): Promise<Connection>
  /** Runs the engine's own client. */
  podman(...args: readonly string[]): Promise<string>
  dispose(): Promise<void>
}

const run = promisify(execFile)
let parts: Promise<ContainerParts> | undefined

/** A project, a scripted model and an engine. Everything is removed by `dispose`, the image stays. */
export async function startContainerTestLab(): Promise<ContainerTestLab> {
  parts ??= prepareContainers()
  const { engine, image } = await parts
  const lab = await startLab()
  const relay = await startRelay(Number(new URL(lab.modelUrl).port), '0.0.0.0')
  const modelUrlInside = `http://host.containers.internal:${relay.port}/v1`
  await useModel(lab, modelUrlInside)
  const log: string[] = []
  const clientLog = recordingLog(log)
  const handles = new Set<ContainerHandle>()
  const settings = (changes: Partial<ContainerSettings>): ContainerSettings => ({
    ...defaultSettings(lab.project, image),
    environment: offlineEnvironment,
    ...changes,
  })
  const launcher: ContainerTestLab['launcher'] = (changes = {}, options = {}) =>
    new ContainerLauncher({
      settings: () => settings(changes),
      engine: async () => engine,
      log: clientLog,
      ...options,
    })
  return {
    engine,
    image,
    lab,
    log,
    modelUrlInside,
    launcher,
    launch: async (changes) => {
      const handle = await launcher(changes).launch(new AbortController().signal)
      handles.add(handle)
      return handle
    },
    connect: async (handle) =>
      mapPaths(await connect(handle.endpoint, { log: clientLog }), handle.endpoint.pathRules),
    podman: async (...args) => (await run(engine.facts.path, args)).stdout,
    dispose: async () => {
      await Promise.all([...handles].map((handle) => handle.stop()))
      await removeAll(engine, lab.project)
      await relay.close()
      await lab.dispose()
    },
  }
}

/** Writes the project's configuration anew so that it names the model as the server will see it. */
export async function useModel(lab: Lab, url: string): Promise<void> {
  const file = path.join(lab.project, 'opencode.json')
  await writeFile(
    file,
    `${JSON.stringify({ ...modelConfig(url), permission: { bash: 'allow', edit: 'allow' } })}\n`,
  )
  await run(
    'git',
    ['-c', 'user.name=Lab', '-c', 'user.email=lab@localhost', 'commit', '-qam', 'Configure', '--allow-empty'],
    {
      cwd: lab.project,
    },
  )
}

/** Whatever a failed test left: found by the label of the workspace, which no other test has. */
async function removeAll(engine: Engine, workspace: string): Promise<void> {
  const left = await engine.list([`${labels.workspace}=${workspace}`])
  await engine.remove(left.map(({ id }) => id))
  await removeProjectData(engine, workspace)
}

function recordingLog(lines: string[]): ClientLog {
  const add = (line: string): void => void lines.push(line)
  return { debug: add, info: add, warn: add }
}

/** Starts a server from a process that then dies without a word, and returns the container's id. */
export async function launchAndDie(
  settings: ContainerSettings,
  keeper?: KeeperProgram,
  moment?: 'early',
): Promise<string> {
  const script = path.join(repositoryRoot, 'test/container/support/launchAndDie.ts')
  const given = [settings, ...(keeper ? [keeper] : [])].map((item) => JSON.stringify(item))
  if (moment) given.push(moment)
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [script, ...given], (error, stdout, stderr) => {
      const id = stdout.trim()
      if (/^[0-9a-f]{64}$/.test(id)) resolve(id)
      else reject(new Error(`The window did not start a container: ${stderr}`, { cause: error }))
    })
  })
}

/** The text of a file, or undefined. */
export function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined)
}

/** Sends a prompt and waits until the session is idle again. */
export async function ask(
  connection: Connection,
  session: Session,
  text: string,
  files: readonly PromptPart[] = [],
): Promise<void> {
  const now = Date.now()
  await connection.prompt(session.id, {
    id: newMessageID(now),
    created: now,
    parts: [{ type: 'text', id: newBlockID(now), text }, ...files],
  })
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const page = await connection.readMessages(session.id, 10)
    const last = page.messages.at(-1)
    if (last?.role === 'assistant' && last.finish === 'stop' && last.completed !== undefined) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('The session did not become idle.')
}

/** Makes somebody the owner of a folder with all that is in it. */
export async function giveTo(folder: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    await chown(path.join(entry.parentPath, entry.name), uid, gid)
  }
  await chown(folder, uid, gid)
}
