import { copyFile, cp, link, mkdir, mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpencodeError } from '../../opencode/errors.ts'
import { hash } from './containerPlan.ts'
import type { ImageSource } from './containerSettings.ts'
import type { Engine } from './engine.ts'

export interface ImageOptions {
  readonly signal: AbortSignal
  /** Gets each line of a build or download. */
  readonly onLine?: (line: string) => void
}

/** Says that an image starts the way we expect; the Containerfile sets it. */
const imageLabel = 'opencode-sessions.image'

/**
 * Returns the name of an image that the engine has, after building or fetching it where it is missing.
 * @throws OpencodeError `image-failed`, `image-missing`, `disk-full`, `unsupported`, `aborted` …
 */
export async function ensureImage(
  engine: Engine,
  source: ImageSource,
  options: ImageOptions,
): Promise<string> {
  return source.kind === 'build'
    ? ensureBuilt(engine, source, options)
    : ensurePulled(engine, source.name, options)
}

async function ensurePulled(engine: Engine, name: string, options: ImageOptions): Promise<string> {
  if (!/^[a-z0-9][\w.:/@-]*$/i.test(name)) {
    throw new OpencodeError('invalid-argument', `"${name}" is not the name of a container image.`)
  }
  if (!(await engine.hasImage(name, options.signal))) await engine.pull(name, options)
  const labels = await engine.imageLabels(name, options.signal)
  if (labels[imageLabel] === '1') return name
  throw new OpencodeError(
    'unsupported',
    `The image ${name} was not made for this extension. Build yours on top of the Containerfile that comes with it.`,
  )
}

const repository = 'localhost/opencode-sessions'

/** Names of the images that were built here, but for the one that is used now. */
export async function listOldImages(engine: Engine, current: string): Promise<readonly string[]> {
  const all = await engine.listImages(repository)
  return all.filter((name) => name !== current && name.startsWith(`${repository}:`))
}

export type BuildSource = Extract<ImageSource, { kind: 'build' }>

/** The name that an image of this source has or will have. */
export async function builtName(source: BuildSource): Promise<string> {
  return `${repository}:${source.version}-${await fingerprint(source, buildArguments(source))}`
}

async function ensureBuilt(engine: Engine, source: BuildSource, options: ImageOptions): Promise<string> {
  const args = buildArguments(source)
  const name = await builtName(source)
  if (await engine.hasImage(name, options.signal)) return name
  const folder = await mkdtemp(join(tmpdir(), 'opencode-build-'))
  try {
    await fillFolder(folder, source)
    const flags = args.flatMap((arg) => ['--build-arg', arg])
    await engine.build([...flags, '--file', join(folder, 'Containerfile'), '--tag', name, folder], options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return name
}

function buildArguments(source: BuildSource): readonly string[] {
  if (!/^[\w.-]+$/.test(source.version)) {
    throw new OpencodeError('invalid-argument', `"${source.version}" is not a version of OpenCode.`)
  }
  const packages = source.extraPackages ?? []
  const strange = packages.find((name) => !/^[a-z0-9][a-z0-9+.-]*$/.test(name))
  if (strange !== undefined) {
    throw new OpencodeError('invalid-argument', `"${strange}" is not the name of a Debian package.`)
  }
  return [
    `OPENCODE_VERSION=${source.version}`,
    `OPENCODE_SOURCE=${source.binary === undefined ? 'npm' : 'context'}`,
    ...(source.baseImage === undefined ? [] : [`BASE_IMAGE=${source.baseImage}`]),
    ...(packages.length === 0 ? [] : [`EXTRA_PACKAGES=${packages.join(' ')}`]),
  ]
}

/** Changes with whatever the image is made of, so that a new release of the extension builds anew. */
async function fingerprint(source: BuildSource, args: readonly string[]): Promise<string> {
  const names = await filesOf(source.folder)
  const contents = await Promise.all(names.map((name) => readFile(join(source.folder, name))))
  const binary = source.binary === undefined ? undefined : await stat(source.binary)
  const parts = [
    ...args,
    ...names,
    ...contents.map(hash),
    String(binary?.size ?? ''),
    String(binary?.mtimeMs ?? ''),
  ]
  return hash(parts.join('\n')).slice(0, 12)
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort()
}

/** A folder of its own, because the extension's own folder may be read-only and the binary lies elsewhere. */
async function fillFolder(folder: string, source: BuildSource): Promise<void> {
  for (const name of await filesOf(source.folder)) await cp(join(source.folder, name), join(folder, name))
  if (source.binary === undefined) return
  const target = join(folder, 'bin', 'opencode')
  await mkdir(join(folder, 'bin'))
  // A second name costs nothing; on another disk it has to be a copy.
  await link(source.binary, target).catch(() => copyFile(source.binary ?? '', target))
}
