import type { ContainerSettings } from './containerSettings.ts'
import { hardening, memoryFolder, serverPort } from './containerPlan.ts'
import { labels } from './containerOwner.ts'
import type { Engine } from './engine.ts'
import { OpencodeError } from '../../opencode/errors.ts'

const proxyPort = 3128

/** The only way in and out of a server whose network has no other. */
export interface Gateway {
  readonly id: string
  /** The network that the server has to be put in. */
  readonly innerNetwork: string
  /** What makes programs in the server's container use the gateway. */
  readonly environment: Readonly<Record<string, string>>
  /** Tells the gateway where the server is, and returns the published port. */
  connect(serverAddress: string): Promise<void>
}

export interface GatewayOptions {
  readonly group: string
  readonly image: string
  readonly hosts: readonly string[]
  readonly port: ContainerSettings['port']
  readonly labels: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/**
 * Starts a gateway container between two networks of its own: an inner one that leads nowhere else, and an
 * outer one. On failure nothing is left behind.
 */
export async function startGateway(engine: Engine, options: GatewayOptions): Promise<Gateway> {
  const { group, signal } = options
  checkHosts(options.hosts)
  try {
    const mark = ['--label', `${labels.group}=${group}`]
    await engine.createNetwork(innerOf(group), [...mark, '--internal'], signal)
    await engine.createNetwork(outerOf(group), mark, signal)
    const id = await engine.run(gatewayArguments(engine, options), signal)
    await engine.connectNetwork(innerOf(group), id, signal)
    const address = (await engine.state(id, signal))?.addresses[innerOf(group)]
    if (address === undefined || address === '') {
      throw new OpencodeError('launch-failed', 'The gateway for the container got no address.')
    }
    return {
      id,
      innerNetwork: innerOf(group),
      environment: proxyVariables(address),
      connect: (server) => tell(engine, id, server),
    }
  } catch (error) {
    await removeGateway(engine, group)
    throw error
  }
}

/** Removes gateway and networks of a group, whatever there is of them. The server has to be gone before. */
export async function removeGateway(engine: Engine, group: string): Promise<void> {
  await engine.remove([nameOf(group)]).catch(() => undefined)
  await engine.removeNetwork(innerOf(group)).catch(() => undefined)
  await engine.removeNetwork(outerOf(group)).catch(() => undefined)
}

function gatewayArguments(engine: Engine, options: GatewayOptions): readonly string[] {
  const all = { ...options.labels, [labels.role]: 'gateway', [labels.group]: options.group }
  return [
    ...['--name', nameOf(options.group), '--pull', 'never'],
    ...Object.entries(all).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...hardening(engine.facts),
    ...['--memory', '256m', '--network', outerOf(options.group)],
    ...['--tmpfs', `${memoryFolder}:rw,mode=1777,size=1m,noexec,nosuid,nodev`],
    // Instead of the nameless volume that the image asks for.
    ...['--tmpfs', '/data:ro,size=4k'],
    ...(engine.facts.kind === 'docker' ? ['--add-host', 'host.docker.internal:host-gateway'] : []),
    ...['--publish', `127.0.0.1:${options.port ?? ''}:${serverPort}`],
    // The OpenCode binary holds a JavaScript runtime; so the image needs no other one.
    ...['--env', 'BUN_BE_BUN=1', '--env', `OPENCODE_GATEWAY_ALLOW=${options.hosts.join(',')}`],
    ...['--entrypoint', 'tini', options.image, '--', 'opencode', '/usr/local/lib/opencode/gateway.js'],
  ]
}

async function tell(engine: Engine, id: string, serverAddress: string): Promise<void> {
  const result = await engine.exec(id, `cat > ${memoryFolder}/target`, { input: serverAddress })
  if (result.code !== 0)
    throw new OpencodeError('launch-failed', 'The gateway for the container does not run.')
}

function proxyVariables(address: string): Readonly<Record<string, string>> {
  const proxy = `http://${address}:${proxyPort}`
  const own = 'localhost,127.0.0.1,::1'
  return {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    http_proxy: proxy,
    https_proxy: proxy,
    NO_PROXY: own,
    no_proxy: own,
  }
}

function checkHosts(hosts: readonly string[]): void {
  const strange = hosts.find((host) => !/^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d+)?$/i.test(host))
  if (strange === undefined && hosts.length > 0) return
  const what = strange === undefined ? 'Name at least one host' : `"${strange}" is no host name. Write it`
  throw new OpencodeError('invalid-argument', `${what} like "api.example.com" or "*.example.com:443".`)
}

function nameOf(group: string): string {
  return `${group}-gateway`
}

function innerOf(group: string): string {
  return `${group}-inner`
}

function outerOf(group: string): string {
  return `${group}-outer`
}
