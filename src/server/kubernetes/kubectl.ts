import { OpencodeError } from '../../opencode/errors.ts'
import { type CommandResult, runCommand } from '../container/command.ts'
import { foreignEnvironment } from '../environment.ts'
import { kubectlFailure, kubectlMissing } from './kubectlFailure.ts'
import { type ClusterTarget, type PasswordSource, passwordSource, podSpecOf, readTargets } from './objects.ts'

export interface KubectlOptions {
  /** Program; undefined: `kubectl` of the PATH. */
  readonly path?: string | undefined
  /** Undefined: the current one of kubectl's configuration. */
  readonly context?: string | undefined
  readonly namespace?: string | undefined
  readonly env: NodeJS.ProcessEnv
}

const answerMs = 20_000

/**
 * The command line of kubectl as typed calls, each with a time limit of its own.
 * @throws OpencodeError `kubectl-not-found`, `cluster-unreachable`, `forbidden`, `not-found`, `aborted`
 */
export class Kubectl {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
  readonly #options: KubectlOptions

  constructor(options: KubectlOptions) {
    this.#options = options
    this.path = options.path ?? 'kubectl'
    this.env = foreignEnvironment(options.env)
  }

  /** In another context or namespace. */
  with(changes: Pick<KubectlOptions, 'context' | 'namespace'>): Kubectl {
    return new Kubectl({ ...this.#options, ...changes })
  }

  /** Arguments with those that choose the place before them. */
  arguments(args: readonly string[]): readonly string[] {
    const { context, namespace } = this.#options
    return [
      ...(context === undefined ? [] : ['--context', context]),
      ...(namespace === undefined ? [] : ['--namespace', namespace]),
      ...args,
    ]
  }

  /** Of the program itself; asks no cluster. */
  async version(signal?: AbortSignal): Promise<string> {
    const answer = await this.#json(['version', '--client', '-o', 'json'], signal)
    const { clientVersion } = answer as { clientVersion?: { gitVersion?: string } }
    return clientVersion?.gitVersion ?? 'of unknown version'
  }

  /** Names of the contexts that kubectl is configured for, and the current one. */
  async contexts(
    signal?: AbortSignal,
  ): Promise<{ readonly names: readonly string[]; readonly current: string }> {
    const names = words(
      await this.#ask('Listing the contexts', ['config', 'get-contexts', '-o', 'name'], signal),
    )
    const current = await this.#run(['config', 'current-context'], signal)
    return { names, current: current.code === 0 ? current.stdout.trim() : '' }
  }

  async namespaces(signal?: AbortSignal): Promise<readonly string[]> {
    const format = ['-o', 'jsonpath={.items[*].metadata.name}']
    return words(await this.#ask('Listing the namespaces', ['get', 'namespaces', ...format], signal))
  }

  /** What can be forwarded to: deployments, services and single pods; those that look like OpenCode first. */
  async targets(signal?: AbortSignal): Promise<readonly ClusterTarget[]> {
    return readTargets(await this.#json(['get', 'deployments,services,pods', '-o', 'json'], signal))
  }

  /** Where the password of a target stands, by what its pods are given; undefined when that cannot be told. */
  async passwordSource(target: string, signal?: AbortSignal): Promise<PasswordSource | undefined> {
    const object = await this.#json(['get', target, '-o', 'json'], signal)
    const spec = podSpecOf(object)
    if (spec !== undefined) return passwordSource(spec)
    const selector = (object as { spec?: { selector?: Record<string, string> } }).spec?.selector ?? {}
    const labels = Object.entries(selector).map(([name, value]) => `${name}=${value}`)
    if (labels.length === 0) return undefined
    const pods = await this.#json(['get', 'pods', '-l', labels.join(','), '-o', 'json'], signal)
    const [first] = (pods as { items?: readonly unknown[] }).items ?? []
    return passwordSource(podSpecOf(first))
  }

  /** Only with the user's consent. The value stands in no argument and no log. */
  async readPassword({ secret, key }: PasswordSource, signal?: AbortSignal): Promise<string | undefined> {
    const object = await this.#json(['get', 'secret', secret, '-o', 'json'], signal)
    const value = (object as { data?: Record<string, unknown> }).data?.[key]
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : undefined
  }

  async #json(args: readonly string[], signal: AbortSignal | undefined): Promise<unknown> {
    const text = await this.#ask(`"kubectl ${args.slice(0, 2).join(' ')}"`, args, signal)
    try {
      return JSON.parse(text) as unknown
    } catch {
      throw new OpencodeError('bad-response', 'The answer of kubectl is not valid JSON.')
    }
  }

  async #ask(what: string, args: readonly string[], signal: AbortSignal | undefined): Promise<string> {
    const result = await this.#run(args, signal)
    if (result.code !== 0) throw kubectlFailure(what, `${result.stderr}${result.stdout}`)
    return result.stdout
  }

  async #run(args: readonly string[], signal: AbortSignal | undefined): Promise<CommandResult> {
    try {
      return await runCommand(this.path, this.arguments(args), {
        env: this.env,
        timeoutMs: answerMs,
        ...(signal ? { signal } : {}),
      })
    } catch (error) {
      if (!(error instanceof OpencodeError)) throw error
      if (error.code === 'engine-not-found') throw kubectlMissing(this.path)
      if (error.code === 'timeout') throw kubectlFailure('Asking the cluster', 'deadline exceeded')
      throw error
    }
  }
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}
