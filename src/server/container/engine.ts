import type { LaunchError } from '../launchError.ts'
import { type CommandOptions, type CommandResult, runCommand } from './command.ts'
import { engineFailure } from './engineFailure.ts'
import { type ContainerEntry, type ContainerState, parseList, parseState } from './engineAnswers.ts'

/** What is known of an engine that answers. */
export interface EngineFacts {
  readonly kind: 'docker' | 'podman'
  readonly version: string
  /** Absolute path of the client program. */
  readonly path: string
  /** Arguments that choose a remote context, put before each command. */
  readonly contextArgs: readonly string[]
  readonly isRootless: boolean
  /** Whether containers run in a virtual machine or on another machine, not in this system. */
  readonly isRemote: boolean
  /** Whether SELinux keeps containers from files that carry no label for them. */
  readonly hasSelinux: boolean
  /** `x64`, `arm64`, or what the engine says. */
  readonly architecture: string
}

export interface FollowOptions {
  readonly from: 'start' | 'now'
  readonly signal: AbortSignal
}

type Options = Partial<Omit<CommandOptions, 'env'>>

const shortMs = 15_000

/**
 * The command line of Docker or Podman as typed calls. Each ends by itself; a failure is an OpencodeError with
 * a sentence, the engine's own words are its `detail`. Secrets never stand in an argument.
 */
export class Engine {
  readonly facts: EngineFacts
  /** What its client sees; it may name a host or context. */
  readonly env: Readonly<Record<string, string>>

  constructor(facts: EngineFacts, env: Readonly<Record<string, string>>) {
    this.facts = facts
    this.env = env
  }

  /** For people: "Podman 4.3.1 (rootless)". */
  get description(): string {
    const { kind, version, isRootless, isRemote } = this.facts
    const remarks = [...(isRootless ? ['rootless'] : []), ...(isRemote ? ['remote'] : [])]
    return `${kind === 'docker' ? 'Docker' : 'Podman'} ${version}${remarks.length === 0 ? '' : ` (${remarks.join(', ')})`}`
  }

  async hasImage(name: string, signal?: AbortSignal): Promise<boolean> {
    const result = await this.#run(['image', 'inspect', '--format', '{{.Id}}', name], ending(signal))
    if (result.code !== 0) failUnlessMissing('Looking for the image', result)
    return result.code === 0
  }

  /** Names with tags of the images of a repository. */
  async listImages(repository: string): Promise<readonly string[]> {
    const format = ['--format', '{{.Repository}}:{{.Tag}}']
    return words(await this.#ask('Listing images', ['image', 'ls', ...format, repository], {}))
  }

  /** Whether it is gone now; one that a container uses stays. */
  async removeImage(name: string): Promise<boolean> {
    return (await this.#run(['image', 'rm', name], { timeoutMs: 30_000 })).code === 0
  }

  /** Labels of an image. */
  async imageLabels(name: string, signal?: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const text = await this.#ask(
      'Looking at the image',
      ['image', 'inspect', '--format', '{{json .Config.Labels}}', name],
      ending(signal),
    )
    return parseLabels(text)
  }

  /** Builds and names an image; `onLine` gets the progress. */
  async build(args: readonly string[], options: Options): Promise<void> {
    const format = this.facts.kind === 'podman' ? ['--format', 'docker'] : ['--progress', 'plain']
    const result = await this.#run(['build', ...format, ...args], { timeoutMs: undefined, ...options })
    if (result.code !== 0) throw engineFailure('Building the image', result, 'image-failed')
  }

  async pull(name: string, options: Options): Promise<void> {
    const result = await this.#run(['pull', name], { timeoutMs: undefined, ...options })
    if (result.code !== 0) throw engineFailure('Fetching the image', result, 'image-missing')
  }

  /** Starts a container in the background and returns its id. */
  async run(args: readonly string[], signal?: AbortSignal): Promise<string> {
    const text = await this.#ask('Starting the container', ['run', '--detach', ...args], {
      ...ending(signal),
      timeoutMs: 60_000,
    })
    return text.trim().split('\n').at(-1) ?? ''
  }

  /** Runs a shell script inside; `input` is where secrets go. The exit code is the caller's to judge. */
  exec(id: string, script: string, options: Options = {}): Promise<CommandResult> {
    const interactive = options.input === undefined ? [] : ['--interactive']
    return this.#run(['exec', ...interactive, id, 'sh', '-c', script], options)
  }

  /** How a container is, or undefined when it does not exist any more. */
  async state(id: string, signal?: AbortSignal): Promise<ContainerState | undefined> {
    const result = await this.#run(['container', 'inspect', id], ending(signal))
    if (result.code === 0) return parseState(result.stdout)
    failUnlessMissing('Looking at the container', result)
    return undefined
  }

  /** Resolves with the exit code when the container has ended; rejects when the engine goes away. */
  async wait(id: string, signal: AbortSignal): Promise<number> {
    const text = await this.#ask('Watching the container', ['wait', id], { signal, timeoutMs: undefined })
    return Number(text.trim())
  }

  /** The last lines that a container printed, both outputs together. */
  async logs(id: string, lines = 40): Promise<string> {
    const printed: string[] = []
    await this.#run(['logs', '--tail', String(lines), id], { onLine: (line) => printed.push(line) })
    return printed.slice(-lines).join('\n')
  }

  /** Passes on what a container prints, until the signal says so or the container ends. */
  async followLogs(id: string, onLine: (line: string) => void, options: FollowOptions): Promise<void> {
    const tail = options.from === 'now' ? ['--tail', '0'] : []
    await this.#run(['logs', '--follow', ...tail, id], {
      onLine,
      signal: options.signal,
      timeoutMs: undefined,
    })
  }

  /** Asks a container to end and ends it by force after some time. No error when it is gone. */
  async stop(id: string, graceSeconds: number): Promise<void> {
    const result = await this.#run(['stop', '-t', String(graceSeconds), id], {
      timeoutMs: (graceSeconds + 15) * 1000,
    })
    if (result.code !== 0) failUnlessMissing('Stopping the container', result)
  }

  /** Removes containers with their anonymous volumes, running or not. No error when they are gone. */
  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const result = await this.#run(['rm', '--force', '--volumes', ...ids], { timeoutMs: 30_000 })
    if (result.code !== 0) failUnlessMissing('Removing the container', result)
  }

  /** Containers that carry all these labels (`key` or `key=value`), running or not. */
  async list(labels: readonly string[], signal?: AbortSignal): Promise<readonly ContainerEntry[]> {
    const filters = labels.flatMap((label) => ['--filter', `label=${label}`])
    const ids = await this.#ask(
      'Listing containers',
      ['ps', '--all', '--quiet', '--no-trunc', ...filters],
      ending(signal),
    )
    const found = words(ids)
    if (found.length === 0) return []
    // A container may end between the two questions; the others are still told.
    const result = await this.#run(['container', 'inspect', ...found], ending(signal))
    return parseList(result.stdout)
  }

  /** Does nothing when the volume is there already. */
  async createVolume(name: string, labels: readonly string[], signal?: AbortSignal): Promise<void> {
    const existing = await this.#run(['volume', 'inspect', name], ending(signal))
    if (existing.code === 0) return
    const flags = labels.flatMap((label) => ['--label', label])
    await this.#ask('Creating the volume', ['volume', 'create', ...flags, name], ending(signal))
  }

  /** Names of the volumes that carry all these labels. */
  async listVolumes(labels: readonly string[]): Promise<readonly string[]> {
    const filters = labels.flatMap((label) => ['--filter', `label=${label}`])
    return words(await this.#ask('Listing volumes', ['volume', 'ls', '--quiet', ...filters], {}))
  }

  async volumeLabels(name: string): Promise<Readonly<Record<string, string>>> {
    const args = ['volume', 'inspect', '--format', '{{json .Labels}}', name]
    return parseLabels(await this.#ask('Looking at the volume', args, {}))
  }

  async removeVolume(name: string): Promise<void> {
    const result = await this.#run(['volume', 'rm', name], {})
    if (result.code !== 0) failUnlessMissing('Removing the volume', result)
  }

  async createNetwork(name: string, args: readonly string[], signal?: AbortSignal): Promise<void> {
    await this.#ask('Creating the network', ['network', 'create', ...args, name], ending(signal))
  }

  async removeNetwork(name: string): Promise<void> {
    const result = await this.#run(['network', 'rm', name], {})
    if (result.code !== 0) failUnlessMissing('Removing the network', result)
  }

  async connectNetwork(network: string, id: string, signal?: AbortSignal): Promise<void> {
    await this.#ask('Joining the network', ['network', 'connect', network, id], ending(signal))
  }

  async #ask(what: string, args: readonly string[], options: Options): Promise<string> {
    const result = await this.#run(args, options)
    if (result.code !== 0) throw engineFailure(what, result)
    return result.stdout
  }

  #run(args: readonly string[], options: Options): Promise<CommandResult> {
    const { path, contextArgs } = this.facts
    return runCommand(path, [...contextArgs, ...args], { timeoutMs: shortMs, ...options, env: this.env })
  }
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

function ending(signal: AbortSignal | undefined): Options {
  return signal ? { signal } : {}
}

function failUnlessMissing(what: string, result: CommandResult): void {
  const error: LaunchError = engineFailure(what, result)
  if (error.code !== 'not-found' && error.code !== 'image-missing') throw error
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  const value: unknown = JSON.parse(text.trim() === '' ? 'null' : text)
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, string>>) : {}
}
