import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { ensureImage } from '../../src/server/container/containerImage.ts'
import type { ImageSource } from '../../src/server/container/containerSettings.ts'
import type { Engine } from '../../src/server/container/engine.ts'
import { detectEngine } from '../../src/server/container/engineDetection.ts'
import { opencodeBinary } from './opencode.ts'
import { inRepository } from './repository.ts'

const run = promisify(execFile)

/** What a machine needs to run containers of ours for real. */
export interface ContainerParts {
  readonly engine: Engine
  /** Builds offline where the base image or the binary cannot be fetched. */
  readonly image: ImageSource
}

/** The base that the Containerfile asks for. */
const baseImage = 'debian:bookworm-slim'

/**
 * Finds an engine and a way to the image. Where it may install (by default on a machine made for tests: CI=true or
 * OPENCODE_TEST_MACHINE=1) it does so as root on Debian; anywhere else it changes nothing and says what to do.
 */
export async function prepareContainers(
  log: (line: string) => void = () => undefined,
  mayInstall: boolean = isTestMachine(),
): Promise<ContainerParts> {
  const canInstall = mayInstall && isDebianRoot()
  // The tests want Podman itself, people any engine.
  const present = canInstall && isTestMachine() ? undefined : await tryEngine(canInstall)
  if (!present) await setUpPodman(log)
  const engine = present ?? (await findEngine())
  await ensureBaseImage(engine, log, canInstall)
  return { engine, image: imageSource(engine, await packagedVersion()) }
}

function findEngine(): Promise<Engine> {
  return detectEngine({
    choice: { engine: process.env['OPENCODE_TEST_ENGINE'] ?? 'auto' },
    env: process.env,
    platform: process.platform,
    timeoutMs: 10_000,
  })
}

async function tryEngine(canInstall: boolean): Promise<Engine | undefined> {
  return findEngine().catch((error: unknown) => {
    if (!canInstall) throw error
    return undefined
  })
}

/**
 * Prepares all that tests with containers need, the image too. Returns why they do not apply here: no engine, or
 * no way to the image, on a machine that may not be changed. Where it may be, every failure is thrown.
 */
export async function tryContainers(log: (line: string) => void): Promise<string | undefined> {
  try {
    const { engine, image } = await prepareContainers(log)
    log(`Container engine: ${engine.description}`)
    await ensureImage(engine, image, { signal: new AbortController().signal })
    return undefined
  } catch (error) {
    if ((isTestMachine() && isDebianRoot()) || !(error instanceof Error)) throw error
    return `${error.message} (${howToAllow})`
  }
}

const howToAllow = 'OPENCODE_TEST_MACHINE=1 lets the tests install what they need, as root on Debian'

/** The image of this working tree. The packaged binary saves the download when it fits the engine. */
function imageSource(engine: Engine, version: string): ImageSource {
  const folder = inRepository('container')
  const binary = opencodeBinary()
  const fits =
    process.platform === 'linux' && process.arch === engine.facts.architecture && existsSync(binary)
  return { kind: 'build', folder, version, ...(fits ? { binary } : {}) }
}

async function packagedVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(
    await readFile(inRepository('node_modules', 'opencode-ai', 'package.json'), 'utf8'),
  )
  return String((manifest as { version?: unknown }).version)
}

/** Where nobody minds: system packages and /etc belong to the machine's owner. */
function isTestMachine(): boolean {
  return process.env['CI'] === 'true' || process.env['OPENCODE_TEST_MACHINE'] === '1'
}

function isDebianRoot(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
}

const packages: Readonly<Record<string, string>> = {
  '/usr/bin/podman': 'podman',
  '/usr/sbin/runc': 'runc',
  '/usr/sbin/iptables': 'iptables',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
}

async function setUpPodman(log: (line: string) => void): Promise<void> {
  await installMissing(packages, log)
  await writeEngineConfig(log)
}

/** `wanted`: a file that shows whether a Debian package is there → the package. */
async function installMissing(
  wanted: Readonly<Record<string, string>>,
  log: (line: string) => void,
): Promise<void> {
  const missing = Object.entries(wanted).flatMap(([file, name]) => (existsSync(file) ? [] : [name]))
  if (missing.length === 0) return
  log(`Installing ${missing.join(', ')}`)
  await run('apt-get', ['update'])
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['install', '--yes', '--no-install-recommends', ...missing], { env })
}

/**
 * crun fails where the control groups of version 1 and 2 are mixed, and small machines may not raise limits.
 * A configuration that is there is left alone.
 */
async function writeEngineConfig(log: (line: string) => void): Promise<void> {
  const file = '/etc/containers/containers.conf'
  const isMissing = await access(file).then(
    () => false,
    () => true,
  )
  if (!isMissing || existsSync('/sys/fs/cgroup/cgroup.controllers')) return
  log(`Writing ${file}`)
  await mkdir(path.dirname(file), { recursive: true })
  const lines = [
    '[containers]',
    'default_ulimits=["nofile=4096:4096","nproc=4096:4096"]',
    '[engine]',
    'runtime="runc"',
    '',
  ]
  await writeFile(file, lines.join('\n'))
}

/** Without a registry to ask, the base image is made from Debian's packages, once. */
async function ensureBaseImage(
  engine: Engine,
  log: (line: string) => void,
  canInstall: boolean,
): Promise<void> {
  if (await engine.hasImage(baseImage)) return
  const isFetched = await engine.pull(baseImage, { timeoutMs: 60_000 }).then(
    () => true,
    () => false,
  )
  if (isFetched) return
  if (!canInstall) throw new Error(`The image ${baseImage} cannot be fetched. Is there a network?`)
  await installMissing({ '/usr/sbin/debootstrap': 'debootstrap' }, log)
  log(`Making ${baseImage} from Debian packages`)
  const folder = await mkdtemp(path.join(tmpdir(), 'opencode-base-'))
  try {
    const include = '--include=ca-certificates,git'
    const root = path.join(folder, 'root')
    await run('debootstrap', ['--variant=minbase', include, 'bookworm', root, await aptMirror()], {
      maxBuffer: 64 * 1024 * 1024,
    })
    await importImage(engine, root)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Where apt fetches the main packages of this machine from. */
async function aptMirror(): Promise<string> {
  const { stdout } = await run('apt-get', [
    'indextargets',
    '--format',
    '$(CREATED_BY) $(CODENAME) $(SITE) $(REPO_URI)',
  ])
  const lines = stdout.split('\n').map((line) => line.split(' '))
  const found = lines.find(([kind, codename]) => kind === 'Packages' && !/-/.test(codename ?? ''))
  const mirror = found?.at(-1)
  if (mirror === undefined) throw new Error('apt has no package source on this machine.')
  return mirror
}

async function importImage(engine: Engine, folder: string): Promise<void> {
  const tar = spawn('tar', ['-C', folder, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const into = spawn(engine.facts.path, ['import', '-', baseImage], { stdio: ['pipe', 'ignore', 'inherit'] })
  tar.stdout.pipe(into.stdin)
  const code = await new Promise<number | null>((resolve, reject) => {
    tar.once('error', reject)
    into.once('error', reject)
    into.once('close', resolve)
  })
  if (code !== 0) throw new Error(`The base image could not be imported (exit code ${code}).`)
}
