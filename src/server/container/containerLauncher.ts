import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { ClientLog, Endpoint } from '../../client/connection.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import { findFreePort } from '../freePort.ts'
import { abortedError } from '../launchError.ts'
import type { ServerLauncher } from '../launcher.ts'
import { adopt, clearWorkspace } from './containerAdoption.ts'
import { ContainerHandle, hold, letGo } from './containerHandle.ts'
import { ensureImage } from './containerImage.ts'
import { ContainerKeeper, type KeeperProgram, type KeptContainer } from './containerKeeper.ts'
import { ContainerLog } from './containerLog.ts'
import {
  environmentScript,
  formatOwner,
  handOver,
  labels,
  ownIdentity,
  thisMachine,
} from './containerOwner.ts'
import {
  type OutsideUser,
  pathRules,
  runArguments,
  serverPort,
  settingsHash,
  volumeName,
  workspaceInside,
} from './containerPlan.ts'
import type { ContainerSettings } from './containerSettings.ts'
import type { Engine, EngineFacts } from './engine.ts'
import { type Gateway, removeGateway, startGateway } from './gateway.ts'
import { endedError, waitUntilReady } from './readiness.ts'

export interface ContainerLauncherOptions {
  /** Asked anew for each start, so that changed settings count; what is built may depend on the engine. */
  readonly settings: (engine: EngineFacts) => ContainerSettings | Promise<ContainerSettings>
  /** Finds the engine anew for each start; see `detectEngine`. */
  readonly engine: (signal: AbortSignal) => Promise<Engine>
  readonly log: ClientLog
  /** Says in a few words what is being done. */
  readonly onProgress?: (message: string) => void
  /** Each line of a build or download of the image. */
  readonly onImageLine?: (line: string) => void
  /** Each line that the container prints, without secrets. */
  readonly onOutput?: (line: string) => void
  /** Ends the container when this process is gone. Left out: it stays until it is found as a leftover. */
  readonly keeper?: KeeperProgram
  /** From the start of the container to the first answer; default 60 s. */
  readonly startTimeoutMs?: number
}

const username = 'opencode'
const defaultStartTimeoutMs = 60_000

interface Launch {
  readonly engine: Engine
  readonly settings: ContainerSettings
  readonly image: string
  readonly owner: string
  readonly hash: string
  readonly signal: AbortSignal
}

/**
 * Runs `opencode serve` in a container for one workspace: image, volume, container, health; takes over one
 * that a reloaded window left behind. The server is reachable on loopback only, with a password that stands
 * in no argument, no `inspect` and no file on a disk.
 */
export class ContainerLauncher implements ServerLauncher {
  readonly origin = 'managed'
  readonly #options: ContainerLauncherOptions

  constructor(options: ContainerLauncherOptions) {
    this.#options = options
  }

  async launch(signal: AbortSignal): Promise<ContainerHandle> {
    if (signal.aborted) throw abortedError()
    this.#say('Looking for a container engine')
    const engine = await this.#options.engine(signal)
    const settings = await this.#options.settings(engine.facts)
    await checkWorkspaceFolder(settings.workspace)
    this.#options.log.info(`server: container engine ${engine.description}`)
    this.#say(`Preparing the image with ${engine.description}`)
    const image = await this.#image(engine, settings, signal)
    const hash = settingsHash(settings, image)
    const launch: Launch = { engine, settings, image, hash, signal, owner: formatOwner(await ownIdentity()) }
    const adopted = await this.#adopt(launch)
    return adopted ?? (await this.#start(launch))
  }

  #say(message: string): void {
    this.#options.onProgress?.(message)
  }

  #image(engine: Engine, { image }: ContainerSettings, signal: AbortSignal): Promise<string> {
    const onLine = (line: string): void => {
      this.#options.log.debug(`server: [image] ${line}`)
      this.#options.onImageLine?.(line)
    }
    return ensureImage(engine, image, { signal, onLine })
  }

  async #adopt(launch: Launch): Promise<ContainerHandle | undefined> {
    const { engine, settings } = launch
    const request = { ...launch, workspace: settings.workspace, username }
    const found = await adopt(request)
    if (found) {
      this.#options.log.info(`server: took over the running container ${found.entry.name}`)
      const output = new ContainerLog([found.endpoint.password])
      output.follow(engine, found.entry.id, 'now', this.#onLine)
      const { id, name, labels: marks } = found.entry
      const endpoint: Endpoint = { ...found.endpoint, pathRules: pathRules(settings) }
      const group = marks[labels.group]
      const keeper = this.#keeper({ engine, id, group, owner: launch.owner })
      return new ContainerHandle(
        { engine, id, name, group, endpoint, output, isAdopted: true, keeper },
        this.#options.log,
      )
    }
    await clearWorkspace(request)
    return undefined
  }

  async #start(launch: Launch): Promise<ContainerHandle> {
    const { engine, settings, signal } = launch
    const name = `opencode-sessions-${randomBytes(6).toString('hex')}`
    const marks = {
      [labels.workspace]: settings.workspace,
      [labels.owner]: launch.owner,
      [labels.machine]: thisMachine,
    }
    this.#say('Starting the container')
    const group = settings.network.kind === 'provider' ? name : undefined
    let gateway: Gateway | undefined
    let handle: ContainerHandle | undefined
    hold(name)
    // Before there is anything to keep: a window may end in the middle of the start.
    const keeper = this.#keeper({ engine, id: name, group, owner: launch.owner })
    try {
      gateway = await this.#gateway(launch, name, marks)
      handle = await this.#run(launch, { name, marks, gateway, keeper })
      this.#say('Waiting for the server')
      await this.#ready(handle, launch, gateway)
      return handle
    } catch (error) {
      if (handle) await handle.stop()
      else await engine.remove([name]).catch(() => undefined)
      if (gateway) await removeGateway(engine, name)
      keeper?.dismiss()
      letGo(name)
      throw signal.aborted ? abortedError() : error
    }
  }

  async #gateway(launch: Launch, group: string, marks: Marks): Promise<Gateway | undefined> {
    const { engine, settings, image, signal } = launch
    if (settings.network.kind !== 'provider') return undefined
    const { hosts } = settings.network
    return startGateway(engine, { group, image, hosts, port: settings.port, labels: marks, signal })
  }

  async #run(launch: Launch, parts: StartParts): Promise<ContainerHandle> {
    const { engine, settings, signal } = launch
    const { name, marks, gateway, keeper } = parts
    const outside = await outsideUser(settings.workspace)
    const facts = { engine: engine.facts, platform: process.platform, outside }
    const volume = volumeName(settings, facts)
    await engine.createVolume(volume, [`${labels.workspace}=${settings.workspace}`], signal)
    const hostPort = settings.network.kind === 'host' ? (settings.port ?? (await findFreePort())) : undefined
    const id = await engine.run(
      runArguments(settings, {
        ...facts,
        image: launch.image,
        name,
        volume,
        labels: {
          ...marks,
          [labels.role]: 'server',
          [labels.settings]: launch.hash,
          ...(gateway ? { [labels.group]: name } : {}),
        },
        ...(gateway ? { innerNetwork: gateway.innerNetwork } : {}),
        ...(hostPort === undefined ? {} : { hostPort }),
      }),
      signal,
    )
    const port = hostPort ?? (await this.#join(engine, id, gateway))
    const password = randomBytes(32).toString('base64url')
    const endpoint = { url: `http://127.0.0.1:${port}`, username, password, pathRules: pathRules(settings) }
    const output = new ContainerLog([password])
    output.follow(engine, id, 'start', this.#onLine)
    const group = gateway ? name : undefined
    return new ContainerHandle(
      { engine, id, name, group, endpoint, output, isAdopted: false, keeper },
      this.#options.log,
    )
  }

  readonly #onLine = (line: string): void => {
    this.#options.log.debug(`server: [container] ${line}`)
    this.#options.onOutput?.(line)
  }

  #keeper(container: KeptContainer): ContainerKeeper | undefined {
    return this.#options.keeper && new ContainerKeeper(this.#options.keeper, container)
  }

  /** Connects server and gateway, where there is one, and returns the published port. */
  async #join(engine: Engine, id: string, gateway: Gateway | undefined): Promise<number> {
    const server = await engine.state(id)
    if (gateway) await gateway.connect(server?.addresses[gateway.innerNetwork] ?? '')
    const published = gateway ? await engine.state(gateway.id) : server
    return published?.ports[`${serverPort}/tcp`] ?? 0
  }

  async #ready(handle: ContainerHandle, launch: Launch, gateway: Gateway | undefined): Promise<void> {
    const { engine, settings, signal, owner } = launch
    const { password } = handle.endpoint
    const environment = environmentScript({
      ...gateway?.environment,
      ...settings.environment,
      OPENCODE_SERVER_USERNAME: username,
      OPENCODE_SERVER_PASSWORD: password,
      OPENCODE_PASSWORD: password,
    })
    const isReceived = await handOver(engine, handle.id, environment, owner)
    if (!isReceived) throw endedError(await handle.exited)
    await waitUntilReady(handle, {
      output: handle.output,
      workspace: workspaceInside(settings),
      isReadOnly: settings.isReadOnly,
      timeoutMs: this.#options.startTimeoutMs ?? defaultStartTimeoutMs,
      signal,
    })
  }
}

type Marks = Readonly<Record<string, string>>

interface StartParts {
  readonly name: string
  readonly marks: Marks
  readonly gateway: Gateway | undefined
  readonly keeper: ContainerKeeper | undefined
}

async function checkWorkspaceFolder(workspace: string): Promise<void> {
  const found = await stat(workspace).catch(() => undefined)
  if (found?.isDirectory()) return
  throw new OpencodeError(
    'launch-failed',
    `The folder ${workspace} does not exist, so no container can use it.`,
  )
}

/** The user of this process; for root, who may act for others, the owner of the workspace. */
async function outsideUser(workspace: string): Promise<OutsideUser | undefined> {
  const uid = process.getuid?.()
  const gid = process.getgid?.()
  if (uid === undefined || gid === undefined) return undefined
  if (uid !== 0) return { uid, gid }
  const owner = await stat(workspace)
  return { uid: owner.uid, gid: owner.gid }
}
