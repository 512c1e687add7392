import { createHash } from 'node:crypto'
import type { PathRule } from '../../client/paths/pathMap.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { ContainerMount, ContainerSettings } from './containerSettings.ts'
import type { EngineFacts } from './engine.ts'

/** The port that the server listens on inside. */
export const serverPort = 4096
/** The folder inside whose content is in memory only. */
export const memoryFolder = '/run/opencode'

/** Who runs the extension, as far as ownership of files goes. */
export interface OutsideUser {
  readonly uid: number
  readonly gid: number
}

export interface PlanFacts {
  readonly engine: EngineFacts
  readonly platform: NodeJS.Platform
  /** Undefined where there are no numbers (Windows). */
  readonly outside: OutsideUser | undefined
}

export interface RunFacts extends PlanFacts {
  readonly image: string
  readonly name: string
  readonly volume: string
  readonly labels: Readonly<Record<string, string>>
  /** Instead of the engine's usual network; then no port is published. */
  readonly innerNetwork?: string
  /** The free port to listen on in the network of this machine; for network `host` only. */
  readonly hostPort?: number
}

/** The folder of the workspace inside: the same path where that hides nothing of the image, else a mapped one. */
export function workspaceInside({ workspace, workspaceTarget }: WorkspacePaths): string {
  return workspaceTarget ?? sameOrMapped(workspace)
}

type WorkspacePaths = Pick<ContainerSettings, 'workspace' | 'workspaceTarget'>

/** The paths that differ between outside and inside; with equal ones they still say what the container sees. */
export function pathRules(settings: ContainerSettings): readonly PathRule[] {
  const workspace = { host: settings.workspace, server: workspaceInside(settings) }
  return [workspace, ...settings.mounts.map((mount) => ({ host: mount.source, server: targetOf(mount) }))]
}

/** The arguments of `run`, without secrets: password and environment are handed over afterwards. */
export function runArguments(settings: ContainerSettings, facts: RunFacts): readonly string[] {
  const inside = workspaceInside(settings)
  return [
    ...['--name', facts.name, '--pull', 'never'],
    ...Object.entries(facts.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...hardening(facts.engine),
    ...['--tmpfs', `${memoryFolder}:rw,mode=1777,size=16m,noexec,nosuid,nodev`],
    ...['--mount', `type=volume,src=${facts.volume},dst=/data`],
    ...mountArguments({ source: settings.workspace, target: inside, isReadOnly: settings.isReadOnly }),
    ...settings.mounts.flatMap((mount) => mountArguments({ ...mount, target: targetOf(mount) })),
    ...['--workdir', inside, '--env', 'OPENCODE_AWAIT_ENVIRONMENT=1'],
    ...userArguments(settings, facts),
    ...limitArguments(settings),
    ...networkArguments(settings, facts),
    facts.image,
  ]
}

/** What no container of ours needs. */
export function hardening(engine: EngineFacts): readonly string[] {
  const labels = engine.hasSelinux ? ['--security-opt', 'label=disable'] : []
  return ['--cap-drop', 'all', '--security-opt', 'no-new-privileges', ...labels]
}

/** Changes whenever a running container no longer is what the settings ask for. */
export function settingsHash(settings: ContainerSettings, image: string): string {
  const { environment, ...rest } = settings
  const sorted = Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1))
  return hash(JSON.stringify([{ ...rest, image }, sorted])).slice(0, 32)
}

/** The volume for sessions and caches; one for each workspace and user inside, who owns what is in it. */
export function volumeName(settings: ContainerSettings, facts: PlanFacts): string {
  const name = lastName(settings.workspace)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
  const key = JSON.stringify([settings.workspace, userArguments(settings, facts)])
  return `opencode-sessions-${name}-${hash(key).slice(0, 12)}`
}

export function hash(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex')
}

function sameOrMapped(path: string): string {
  return isFreeInside(path) ? trimEnd(path) : `/workspace/${lastName(path)}`
}

function targetOf(mount: ContainerMount): string {
  return mount.target ?? sameOrMapped(mount.source)
}

/** Folders that the image or the kernel needs inside. */
const needed = [
  '/usr/local/bin',
  '/usr/bin',
  '/bin',
  '/etc',
  '/lib',
  '/sbin',
  '/proc',
  '/sys',
  '/dev',
  '/run',
  '/data',
  '/tmp',
]
/** Folders in which nothing can be mounted sensibly. */
const closed = ['/proc', '/sys', '/dev', '/data', memoryFolder]

function isFreeInside(path: string): boolean {
  if (!path.startsWith('/')) return false
  const folder = trimEnd(path)
  if (folder === '' || needed.some((other) => isWithin(other, folder))) return false
  return !closed.some((other) => isWithin(folder, other))
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function trimEnd(path: string): string {
  return path.replace(/\/+$/, '')
}

function lastName(path: string): string {
  const name =
    path
      .split(/[\\/]+/)
      .filter((part) => part !== '')
      .at(-1) ?? 'root'
  return name.replaceAll(/[^\p{L}\p{N}._-]/gu, '-')
}

function mountArguments(mount: Required<ContainerMount> | ContainerMount): readonly string[] {
  const { source, target = source, isReadOnly = false } = mount
  if (!target.startsWith('/') || target.split('/').includes('..')) {
    throw new OpencodeError(
      'invalid-argument',
      `A folder in the container needs an absolute path, not "${target}".`,
    )
  }
  const isPlain = !/[,"\n]/.test(source + target)
  // `--mount` fails when the source is missing, where `--volume` makes an empty folder of that name.
  if (isPlain) return ['--mount', `type=bind,src=${source},dst=${target}${isReadOnly ? ',readonly' : ''}`]
  if (/["\n]/.test(source + target) || source.slice(2).includes(':') || target.includes(':')) {
    throw new OpencodeError(
      'invalid-argument',
      `The folder "${source}" has a name that container engines cannot mount.`,
    )
  }
  return ['--volume', `${source}:${target}${isReadOnly ? ':ro' : ''}`]
}

function userArguments(settings: ContainerSettings, facts: PlanFacts): readonly string[] {
  const { user } = settings
  const { engine, platform, outside } = facts
  if (typeof user === 'object') return numbers(engine, user)
  // Virtual machines of the desktop products map ownership of shared folders themselves.
  if (user === 'image' || platform !== 'linux' || !outside) return []
  // The root of a rootless Docker is the user outside; its other ids are nobody in particular.
  if (engine.kind === 'docker' && engine.isRootless) return ['--user', '0:0']
  return numbers(engine, outside)
}

function numbers(engine: EngineFacts, { uid, gid }: OutsideUser): readonly string[] {
  const keep = engine.kind === 'podman' && engine.isRootless ? ['--userns', 'keep-id'] : []
  return [...keep, '--user', `${uid}:${gid}`]
}

function limitArguments({ memory, cpus }: ContainerSettings): readonly string[] {
  if (memory !== undefined && !/^\d+(?:\.\d+)?[bkmg]?$/i.test(memory)) {
    throw new OpencodeError(
      'invalid-argument',
      `"${memory}" is no amount of memory. Write it like "2g" or "512m".`,
    )
  }
  if (cpus !== undefined && !(cpus > 0)) {
    throw new OpencodeError('invalid-argument', 'The number of CPUs must be greater than zero.')
  }
  return [
    // Without the second limit the kernel would swap instead.
    ...(memory === undefined ? [] : ['--memory', memory, '--memory-swap', memory]),
    ...(cpus === undefined ? [] : ['--cpus', String(cpus)]),
  ]
}

function networkArguments(settings: ContainerSettings, facts: RunFacts): readonly string[] {
  if (facts.innerNetwork !== undefined) return ['--network', facts.innerNetwork]
  if (settings.network.kind === 'host') {
    const port = facts.hostPort ?? serverPort
    return ['--network', 'host', '--env', 'OPENCODE_HOSTNAME=127.0.0.1', '--env', `OPENCODE_PORT=${port}`]
  }
  // Podman names the machine by itself (host.containers.internal); old versions do not know the word "host-gateway".
  const host = facts.engine.kind === 'docker' ? ['--add-host', 'host.docker.internal:host-gateway'] : []
  return [...host, '--publish', `127.0.0.1:${settings.port ?? ''}:${serverPort}`]
}
