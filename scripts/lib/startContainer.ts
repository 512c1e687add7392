import { execFile } from 'node:child_process'
import { networkInterfaces } from 'node:os'
import { promisify } from 'node:util'
import { ensureImage } from '../../src/server/container/containerImage.ts'
import type { Engine } from '../../src/server/container/engine.ts'
import { prepareContainers } from './containerLab.ts'
import { hasUsableModel, readFolderModels, scriptedConfig } from './modelChoice.ts'
import { offlineEnvironment } from './opencode.ts'
import { startRelay } from './relay.ts'
import { startScriptedModel } from './scriptedModel.ts'

export interface ContainerStartOptions {
  readonly folder: string
  readonly offline: boolean
  /** Of the programs that we run. */
  readonly env: Readonly<Record<string, string>>
  /** What Ctrl+C must end, in the order of their start. */
  readonly stops: (() => Promise<void>)[]
}

/** Name of the server profile that `npm start -- --container` sets up. */
const profileName = 'Container'

/**
 * Finds or installs an engine, builds the image and chooses a model. Returns the settings that make every folder
 * of the window use a container.
 */
export async function prepareContainerStart(
  options: ContainerStartOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const say = (line: string): void => {
    console.log(line)
  }
  const { engine, image } = await prepareContainers(say, true)
  say(`Container engine: ${engine.description}`)
  say('Preparing the image; the first time takes a minute or two …')
  const name = await ensureImage(engine, image, {
    signal: new AbortController().signal,
    onLine: (line) => {
      if (/^(?:STEP |#\d+ \[)/.test(line)) say(`  ${line}`)
    },
  })
  say(`Image: ${name}`)
  const profile = { name: profileName, kind: 'container', ...(await chooseModel(engine, name, options)) }
  return { 'opencodeSessions.server.profiles': [profile], 'opencodeSessions.server.profile': profileName }
}

interface ModelPart {
  readonly network?: 'host'
  readonly environment?: Readonly<Record<string, string>>
}

/** Keys of the environment stay outside, so that only what the folder itself names counts as a model. */
async function chooseModel(
  engine: Engine,
  image: string,
  options: ContainerStartOptions,
): Promise<ModelPart> {
  const { folder, offline, env, stops } = options
  const kept = ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME']
  const plain = Object.fromEntries(kept.flatMap((key) => (env[key] === undefined ? [] : [[key, env[key]]])))
  const found = await readFolderModels(folder, plain)
  if (!offline && (await hasUsableModel(found))) return {}
  const model = await startScriptedModel()
  stops.push(() => model.close())
  const way = await wayToModel(engine, image, { url: model.url, stops })
  const why = offline ? '--offline' : 'no usable model provider was found'
  console.log(
    `Model: scripted model (offline), because ${why}; the container reaches it at ${way.url}. Its answers are canned.`,
  )
  if (!offline) console.log('For a real one run "OpenCode: Set Provider API Key…" in the window.')
  const environment = { ...offlineEnvironment, OPENCODE_CONFIG_CONTENT: scriptedConfig(way.url, found) }
  return { environment, ...(way.network === undefined ? {} : { network: way.network }) }
}

interface ModelWay {
  readonly url: string
  readonly network?: 'host'
}

/**
 * How a container finds what listens on the loopback of this machine: through the virtual machine of the engine,
 * over the address that this machine has in the engine's network, or, where it has none, by sharing the network.
 */
async function wayToModel(
  engine: Engine,
  image: string,
  model: { readonly url: string; readonly stops: (() => Promise<void>)[] },
): Promise<ModelWay> {
  const { kind, isRemote } = engine.facts
  const url = new URL(model.url)
  if (isRemote) {
    url.hostname = kind === 'docker' ? 'host.docker.internal' : 'host.containers.internal'
    return { url: url.href }
  }
  // Some engines make their network with the first container. It also shows early whether containers start at all.
  await engine.run(['--rm', '--entrypoint', 'true', image])
  const gateway = await gatewayOf(engine)
  if (gateway === undefined) return { url: url.href, network: 'host' }
  const relay = await startRelay(Number(url.port), gateway)
  model.stops.push(() => relay.close())
  return { url: `http://${gateway}:${String(relay.port)}${url.pathname}` }
}

/** The address of this machine in the usual network of an engine; undefined when there is none to listen on. */
async function gatewayOf({ facts }: Engine): Promise<string | undefined> {
  const network = facts.kind === 'docker' ? 'bridge' : 'podman'
  const inspect = [...facts.contextArgs, 'network', 'inspect', network]
  const { stdout } = await promisify(execFile)(facts.path, inspect).catch(() => ({ stdout: '' }))
  const gateway = /"gateway":\s*"([\d.]+)"/i.exec(stdout)?.[1]
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return own.some(({ address }) => address === gateway) ? gateway : undefined
}
