import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { OpencodeError, isAbort, toErrorInfo } from '../../opencode/errors.ts'
import { foreignEnvironment } from '../environment.ts'
import { LaunchError } from '../launchError.ts'
import { runCommand } from './command.ts'
import { Engine, type EngineFacts } from './engine.ts'
import { recognizeFailure } from './engineFailure.ts'

export interface EngineChoice {
  /** `auto`, `docker`, `podman`, or the absolute path of a program that takes the same commands. */
  readonly engine: string
  /** Name of a Docker context or Podman connection; undefined: the engine's own choice. */
  readonly context?: string
}

export interface DetectionOptions {
  readonly choice: EngineChoice
  /** Where to look for programs, and what the engine's client sees: DOCKER_HOST and the like count. */
  readonly env: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
  readonly signal?: AbortSignal
  /** Per engine. Default: 1 s, and 5 s more for an engine that says nothing while no other answers. */
  readonly timeoutMs?: number
}

/**
 * Asks Docker and Podman at the same time and takes the first of them (Docker before Podman) that answers.
 * @throws OpencodeError `engine-not-found` when neither is installed; `engine-not-running` when a client is
 * there but nothing behind it; `forbidden` when its socket may not be used.
 */
export async function detectEngine(options: DetectionOptions): Promise<Engine> {
  const found = await surveyEngines(options)
  const engine =
    found.find((result) => result.engine !== undefined)?.engine ?? (await askAgain(found, options))
  if (engine) return engine
  throw noEngine(found, options.choice.engine)
}

const patienceMs = 5000

/** A busy machine needs longer for the first answer; so silence, unlike a refusal, gets a second chance. */
async function askAgain(
  found: readonly EngineFinding[],
  options: DetectionOptions,
): Promise<Engine | undefined> {
  if (options.timeoutMs !== undefined) return undefined
  const silent = found.filter(({ isSilent }) => isSilent === true)
  const again = await Promise.all(
    silent.map(({ name }) => examine(name, { ...options, timeoutMs: patienceMs })),
  )
  return again.find((result) => result.engine !== undefined)?.engine
}

/** One engine program that was looked for, and what came of it. */
export interface EngineFinding {
  readonly name: string
  readonly engine?: Engine
  readonly error?: OpencodeError
  /** Whether it did not say no, but nothing in time. */
  readonly isSilent?: boolean
}

/** What `detectEngine` chooses from, for the Doctor: every engine with its answer. Rejects only with `aborted`. */
export function surveyEngines(options: DetectionOptions): Promise<readonly EngineFinding[]> {
  const { engine } = options.choice
  const names = engine === 'auto' || engine === '' ? ['docker', 'podman'] : [engine]
  return Promise.all(names.map((name) => examine(name, options)))
}

async function examine(name: string, options: DetectionOptions): Promise<EngineFinding> {
  const path = await findProgram(name, options)
  if (path === undefined) {
    return { name, error: new OpencodeError('engine-not-found', `${name} is not installed.`) }
  }
  try {
    return { name, engine: await question(name, path, options) }
  } catch (error) {
    if (isAbort(error)) throw error
    const { code, message } = toErrorInfo(error)
    const cause = error instanceof OpencodeError ? error : new OpencodeError(code, message)
    return {
      name,
      error: cause,
      isSilent: cause.cause instanceof OpencodeError && cause.cause.code === 'timeout',
    }
  }
}

/** `info` is the only command that both kinds answer with what we need, and that always asks the daemon. */
async function question(name: string, path: string, options: DetectionOptions): Promise<Engine> {
  const env = foreignEnvironment(options.env)
  const contextArgs = contextArguments(path, options.choice.context)
  const result = await runCommand(path, [...contextArgs, 'info', '--format', '{{json .}}'], {
    env,
    timeoutMs: options.timeoutMs ?? 1000,
    ...(options.signal ? { signal: options.signal } : {}),
  }).catch((error: unknown) => {
    if (!(error instanceof OpencodeError) || error.code !== 'timeout') throw error
    throw notRunning(name, 'It did not answer in time.', error)
  })
  const facts = result.code === 0 ? readFacts(result.stdout) : undefined
  if (facts) return new Engine({ ...facts, path, contextArgs }, env)
  const words = `${result.stderr}\n${result.stdout}`
  if (recognizeFailure(words)?.code === 'forbidden') {
    throw new LaunchError('forbidden', recognizeFailure(words)?.sentence ?? '', {
      detail: result.stderr.trim(),
    })
  }
  throw notRunning(name, result.stderr.trim().split('\n')[0] ?? '')
}

function notRunning(name: string, words: string, cause?: unknown): OpencodeError {
  const what = /podman/.test(name)
    ? 'Podman is installed, but does not answer. Start it ("podman machine start", or its service).'
    : 'The Docker client is installed, but no Docker daemon answers. Start Docker.'
  return new LaunchError('engine-not-running', what, { detail: words.slice(0, 500), cause })
}

function contextArguments(path: string, context: string | undefined): readonly string[] {
  if (context === undefined || context === '') return []
  return [/podman[^\\/]*$/i.test(path) ? '--connection' : '--context', context]
}

type Answer = Omit<EngineFacts, 'path' | 'contextArgs'>

/** Tells the two apart by what they answer, because `docker` may be Podman under another name. */
function readFacts(text: string): Answer | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return isData(value) ? (readPodman(value) ?? readDocker(value)) : undefined
}

function readPodman(info: Data): Answer | undefined {
  const { host, version } = info
  if (!isData(host)) return undefined
  const security = isData(host['security']) ? host['security'] : {}
  return {
    kind: 'podman',
    version: isData(version) ? string(version['Version']) : '',
    isRootless: security['rootless'] === true,
    isRemote: host['serviceIsRemote'] === true,
    hasSelinux: security['selinuxEnabled'] === true,
    architecture: architecture(string(host['arch'])),
  }
}

function readDocker(info: Data): Answer | undefined {
  const version = string(info['ServerVersion'])
  if (version === '') return undefined
  const security = Array.isArray(info['SecurityOptions']) ? info['SecurityOptions'].map(String) : []
  const client = isData(info['ClientInfo']) ? info['ClientInfo'] : {}
  const context = string(client['Context'])
  return {
    kind: 'docker',
    version,
    isRootless: security.some((option) => option.includes('rootless')),
    isRemote: /desktop|orbstack|colima|lima|rancher/i.test(`${string(info['OperatingSystem'])} ${context}`),
    hasSelinux: security.some((option) => option.includes('selinux')),
    architecture: architecture(string(info['Architecture'])),
  }
}

function architecture(name: string): string {
  if (name === 'amd64' || name === 'x86_64') return 'x64'
  return name === 'aarch64' ? 'arm64' : name
}

/** Where installers put the clients when they are not on the search path of a program started from a desktop. */
const usualPlaces: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: [
    '/usr/local/bin',
    '/opt/homebrew/bin',
    '/opt/podman/bin',
    '/Applications/Docker.app/Contents/Resources/bin',
  ],
  linux: ['/usr/local/bin', '/usr/bin', '/snap/bin'],
  win32: ['C:\\Program Files\\Docker\\Docker\\resources\\bin', 'C:\\Program Files\\RedHat\\Podman'],
}

async function findProgram(name: string, options: DetectionOptions): Promise<string | undefined> {
  if (isAbsolute(name)) return (await isProgram(name)) ? name : undefined
  // A name with a separator would be taken from the working directory, that is: from the workspace.
  if (/[\\/]/.test(name)) return undefined
  const { env, platform } = options
  const searched = (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  const file = platform === 'win32' ? `${name}.exe` : name
  for (const folder of [...searched, ...(usualPlaces[platform] ?? [])]) {
    if (await isProgram(join(folder, file))) return join(folder, file)
  }
  return undefined
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

function noEngine(found: readonly EngineFinding[], wanted: string): OpencodeError {
  const errors = found.flatMap(({ error }) => (error ? [error] : []))
  const present = errors.filter(({ code }) => code !== 'engine-not-found')
  const [first] = present
  if (!first) {
    const what =
      wanted === 'auto' || wanted === ''
        ? 'Neither Docker nor Podman is installed.'
        : `${wanted} was not found.`
    return new OpencodeError(
      'engine-not-found',
      `${what} Install one of them, or run OpenCode without a container.`,
    )
  }
  const detail = present.map((error) => toErrorInfo(error).detail ?? '').join('\n')
  return new LaunchError(first.code, present.map(({ message }) => message).join(' '), {
    detail,
    cause: first,
  })
}

type Data = Readonly<Record<string, unknown>>

function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function string(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
