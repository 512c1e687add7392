import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientLog } from '../../client/connection.ts'
import { toErrorInfo } from '../../opencode/errors.ts'
import type { ErrorCode } from '../../opencode/errors.ts'
import { isListening } from '../isListening.ts'
import { findFreePort } from '../freePort.ts'
import { abortedError } from '../launchError.ts'
import type { LaunchError } from '../launchError.ts'
import type { ServerExit } from '../launcher.ts'
import { SupervisedProcess, type SupervisorProgram } from '../process/supervisedProcess.ts'
import type { Kubectl } from './kubectl.ts'
import { kubectlFailure, kubectlMissing } from './kubectlFailure.ts'

export interface PortForwardOptions {
  readonly kubectl: Kubectl
  /** `pod/NAME`, `service/NAME` or `deployment/NAME`. */
  readonly target: string
  readonly remotePort: number
  readonly supervisor: SupervisorProgram
  readonly log: ClientLog
  readonly timing?: Partial<ForwardTiming>
}

export interface ForwardTiming {
  /** Until kubectl listens. */
  readonly openMs: number
  /** Before the first attempt to open it again; doubles up to `longestDelayMs`. */
  readonly firstDelayMs: number
  readonly longestDelayMs: number
  /** How long it is tried without success until it counts as lost. */
  readonly giveUpMs: number
}

const defaultTiming: ForwardTiming = {
  openMs: 20_000,
  firstDelayMs: 300,
  longestDelayMs: 10_000,
  giveUpMs: 180_000,
}
/** Trying again does not help against these. */
const lasting = new Set<ErrorCode>(['kubectl-not-found', 'forbidden'])
const pollMs = 50
/** Some kubectls go on without a tunnel when the pod behind it is gone. */
const brokenTunnel =
  /lost connection to pod|error occurred forwarding|error forwarding port|network namespace .* closed/i

/**
 * `kubectl port-forward` on one port of loopback, opened again on the same port when it breaks, e.g. because the pod
 * was replaced. Runs under a supervisor, so it ends with this process however that ends.
 */
export class PortForward {
  /** On loopback; the same as long as it is open. */
  readonly port: number
  /** Resolves when it is closed, or given up with a `reason`. */
  readonly closed: Promise<ServerExit>
  readonly #options: PortForwardOptions
  readonly #timing: ForwardTiming
  readonly #ending = new AbortController()
  #process: SupervisedProcess
  #resolve: (exit: ServerExit) => void = () => undefined

  /** @throws OpencodeError `kubectl-not-found`, `cluster-unreachable`, `forbidden`, `not-found`, `aborted` … */
  static async open(options: PortForwardOptions, signal: AbortSignal): Promise<PortForward> {
    if (signal.aborted) throw abortedError()
    const port = await findFreePort()
    const timing = { ...defaultTiming, ...options.timing }
    const process = await openOnce(options, { port, signal, timeoutMs: timing.openMs })
    return new PortForward(options, { port, process, timing })
  }

  private constructor(
    options: PortForwardOptions,
    state: { readonly port: number; readonly process: SupervisedProcess; readonly timing: ForwardTiming },
  ) {
    this.#options = options
    this.#timing = state.timing
    this.#process = state.process
    this.port = state.port
    this.closed = new Promise((resolve) => {
      this.#resolve = resolve
    })
    void this.#watch()
  }

  /** Ends kubectl. Idempotent, never rejects. */
  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#process.stop()
    this.#resolve({ code: 0, signal: null, tail: '' })
  }

  async #watch(): Promise<void> {
    for (;;) {
      const exit = await this.#process.channel.exited
      if (this.#isEnding) return
      const cause = kubectlFailure('Forwarding the port', exit.tail)
      this.#options.log.info(`server: the forwarded port is down (${cause.code}), it is opened again`)
      const outcome = await this.#reopen()
      if (outcome === 'ending') return
      if (outcome !== 'open') {
        this.#giveUp(outcome)
        return
      }
      this.#options.log.info('server: the forwarded port is open again')
    }
  }

  /** How it came out, or why it is given up. */
  async #reopen(): Promise<'open' | 'ending' | LaunchError> {
    const { firstDelayMs, longestDelayMs, giveUpMs, openMs } = this.#timing
    const deadline = performance.now() + giveUpMs
    for (let delay = firstDelayMs; ; delay = Math.min(2 * delay, longestDelayMs)) {
      await sleep(delay, undefined, { signal: this.#ending.signal }).catch(() => undefined)
      if (this.#isEnding) return 'ending'
      try {
        const { port } = this
        const { signal } = this.#ending
        this.#process = await openOnce(this.#options, { port, signal, timeoutMs: openMs })
        return 'open'
      } catch (error) {
        const failure = error as LaunchError
        if (failure.code === 'aborted') return 'ending'
        if (lasting.has(failure.code) || performance.now() > deadline) return failure
      }
    }
  }

  #giveUp(failure: LaunchError): void {
    this.#ending.abort()
    this.#resolve({ code: null, signal: null, tail: failure.detail, reason: toErrorInfo(failure) })
  }

  get #isEnding(): boolean {
    return this.#ending.signal.aborted
  }
}

interface Attempt {
  readonly port: number
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

/** kubectl listens only when the cluster has agreed, so a port that takes connections is open. */
async function openOnce(options: PortForwardOptions, attempt: Attempt): Promise<SupervisedProcess> {
  const process = startKubectl(options, attempt.port)
  const outcome = await Promise.race([process.channel.exited, untilListening(attempt)])
  if (outcome === 'listening') return process
  await process.stop()
  if (attempt.signal.aborted) throw abortedError()
  if (outcome === 'late') throw kubectlFailure('Forwarding the port', 'deadline exceeded')
  // A program that cannot be spawned has a negative code, or none.
  if ((outcome.code ?? -1) < 0 && outcome.signal === null) throw kubectlMissing(options.kubectl.path)
  throw kubectlFailure('Forwarding the port', outcome.tail)
}

function startKubectl(
  { kubectl, target, remotePort, supervisor, log }: PortForwardOptions,
  port: number,
): SupervisedProcess {
  const args = ['port-forward', '--address', '127.0.0.1', target, `${port}:${remotePort}`]
  const watching: ClientLog = {
    debug: (message) => log.debug(message),
    info: (message) => log.info(message),
    warn: (message) => log.warn(message),
    output: (line) => {
      if (log.output) log.output(`kubectl: ${line}`)
      else log.debug(`server: kubectl: ${line}`)
      if (brokenTunnel.test(line)) void process.stop()
    },
  }
  const program = { command: kubectl.path, args: [...kubectl.arguments(args)], password: '' }
  const process: SupervisedProcess = new SupervisedProcess(
    supervisor,
    { ...program, cwd: supervisor.cwd, env: kubectl.env },
    watching,
  )
  return process
}

async function untilListening({ port, signal, timeoutMs }: Attempt): Promise<'listening' | 'late'> {
  const deadline = performance.now() + timeoutMs
  while (performance.now() < deadline && !signal.aborted) {
    if (await isListening(`http://127.0.0.1:${port}`)) return 'listening'
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
  return 'late'
}
