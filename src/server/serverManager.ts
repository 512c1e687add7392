import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientLog, Connection, Endpoint } from '../client/connection.ts'
import { type ErrorCode, type OpencodeError, isAbort, toErrorInfo } from '../opencode/errors.ts'
import type { LinkState, ServerOrigin, ServerSharing, ServerStatus } from '../opencode/server.ts'
import { Emitter, type Event } from '../util/event.ts'
import { type Disposable, toDisposable } from '../util/lifecycle.ts'
import { settlesWithin } from './async.ts'
import { exitError } from './exitError.ts'
import { LaunchError, abortedError } from './launchError.ts'
import type { ServerExit, ServerLauncher, StopIntent } from './launcher.ts'
import { type RestartPolicy, backoffRestarts } from './restartPolicy.ts'
import { type ServerRun, launchRun } from './serverRun.ts'

export interface ServerManagerOptions {
  /** Called for each start, so that changed settings count from then on. May throw an OpencodeError. */
  readonly launcher: () => ServerLauncher
  readonly connect: (endpoint: Endpoint, signal: AbortSignal) => Promise<Connection>
  readonly log: ClientLog
  readonly restartPolicy?: RestartPolicy
}

/** Runs before a server is stopped or left on purpose; a failure is logged and stops nothing. */
export type StopTask = (connection: Connection) => Promise<void>

/** Causes that a second try cannot cure. */
const lastingCauses = new Set<ErrorCode>([
  'binary-not-found',
  'version-too-old',
  'unauthorized',
  'config-invalid',
  'untrusted',
  'unsupported',
  'invalid-argument',
  'forbidden',
  'engine-not-found',
  'kubectl-not-found',
  'engine-not-running',
  'image-missing',
  'image-failed',
  'mount-failed',
  'port-taken',
  'profile-invalid',
  'disk-full',
])
const stopTasksTimeoutMs = 2000

/**
 * The one server of this window: brings it up, connects, starts it again after a crash, ends it. At any time
 * at most one start runs; `start` and `stop` may be called in every state.
 */
export class ServerManager implements Disposable {
  readonly #options: ServerManagerOptions
  readonly #onDidChangeStatus = new Emitter<ServerStatus>()
  readonly #onDidChangeConnection = new Emitter<Connection | undefined>()
  readonly #stopTasks = new Set<StopTask>()
  readonly #leaveTasks = new Set<StopTask>()
  #status: ServerStatus = { kind: 'stopped' }
  #run: ServerRun | undefined
  #starting: { readonly promise: Promise<Connection>; readonly controller: AbortController } | undefined
  #stopping: Promise<void> | undefined
  #policy: RestartPolicy
  #providerKeys: readonly string[] = []
  #isDisposed = false

  constructor(options: ServerManagerOptions) {
    this.#options = options
    this.#policy = options.restartPolicy ?? backoffRestarts()
  }

  readonly onDidChangeStatus: Event<ServerStatus> = this.#onDidChangeStatus.event
  readonly onDidChangeConnection: Event<Connection | undefined> = this.#onDidChangeConnection.event

  get status(): ServerStatus {
    return this.#status
  }

  /** Of the running server; stays through drops of the event stream. */
  get connection(): Connection | undefined {
    return this.#run?.connection
  }

  /** Of the running server, with its password: for a child process of ours, and for the Doctor. */
  get endpoint(): Endpoint | undefined {
    return this.#run?.handle.endpoint
  }

  get origin(): ServerOrigin | undefined {
    return this.#run?.handle.origin
  }

  /**
   * Resolves when the server runs; the same for all who ask meanwhile. While a stop is under way it waits for
   * its end. Rejects with the cause, which is then the status too, or with `aborted` when `stop` was called.
   */
  start(): Promise<Connection> {
    if (this.#isDisposed) return Promise.reject(abortedError())
    if (this.#starting && !this.#starting.controller.signal.aborted) return this.#starting.promise
    if (this.#run && !this.#stopping) return Promise.resolve(this.#run.connection)
    this.#policy = this.#options.restartPolicy ?? backoffRestarts()
    return this.#begin((signal) => this.#startFirst(signal))
  }

  /**
   * Ends a server of ours with all that runs in it, for all windows that use it, or leaves an attached one;
   * calls off a start. Resolves when nothing of it runs any more. Never rejects.
   */
  stop(): Promise<void> {
    return this.#leaveBy((run) => this.#stopRun(run, 'stop'))
  }

  /**
   * Lets go of the server because this window closes or reloads; where it can, it goes on for other windows and
   * for some seconds, so that the reloaded window finds it; for more when a session of ours runs (`isBusy`).
   * Otherwise the same as `stop`. Call it at once, since a `dispose` before it would leave without a word of what runs;
   * what has to be done with the server before goes into `first`. Never rejects.
   */
  leave(isBusy = false, first?: Promise<unknown>): Promise<void> {
    return this.#leaveBy(async (run) => {
      await first?.catch(() => undefined)
      await (run.handle.leave ? this.#leaveRun(run, isBusy) : this.#stopRun(run, 'stop'))
    })
  }

  /** Other windows that use the server get the new one. */
  async restart(): Promise<Connection> {
    await this.#leaveBy((run) => this.#stopRun(run, 'restart'))
    return this.start()
  }

  /** Told by whoever reads the event stream; part of the status while a server runs. */
  setLink(link: LinkState): void {
    if (this.#status.kind === 'running') this.#setStatus({ ...this.#status, link })
  }

  /** The providers whose keys of ours must leave the server if this host dies without a word. */
  setFarewell(providerKeys: readonly string[]): void {
    this.#providerKeys = [...providerKeys]
    this.#run?.setFarewell(this.#providerKeys)
  }

  /** Adds something to do before a server of ours is stopped, e.g. taking our provider keys out of it. */
  addStopTask(task: StopTask): Disposable {
    this.#stopTasks.add(task)
    return toDisposable(() => this.#stopTasks.delete(task))
  }

  /** Begins to leave and tells nobody any more; await `leave` or `stop` before to be sure that all has ended. */
  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    void this.leave()
    this.#onDidChangeStatus.dispose()
    this.#onDidChangeConnection.dispose()
  }

  /**
   * Adds something to do before this window lets go of a server, whoever runs it, while its connection is still
   * there: VS Code disposes of everything as soon as a window begins to close.
   */
  addLeaveTask(task: StopTask): Disposable {
    this.#leaveTasks.add(task)
    return toDisposable(() => this.#leaveTasks.delete(task))
  }

  #begin(work: (signal: AbortSignal) => Promise<Connection>): Promise<Connection> {
    const controller = new AbortController()
    const promise = work(controller.signal).finally(() => {
      if (this.#starting?.controller === controller) this.#starting = undefined
    })
    // A restart after a crash has nobody who waits for it; its failure shows in the status.
    promise.catch(() => undefined)
    this.#starting = { promise, controller }
    return promise
  }

  async #startFirst(signal: AbortSignal): Promise<Connection> {
    await this.#stopping
    if (signal.aborted) throw abortedError()
    this.#setStatus({ kind: 'starting', since: Date.now(), restart: 0 })
    try {
      return await this.#launch(signal)
    } catch (error) {
      throw this.#fail(error, signal)
    }
  }

  async #launch(signal: AbortSignal): Promise<Connection> {
    const launcher = this.#options.launcher()
    const run = await launchRun(launcher, this.#options.connect, signal)
    if (signal.aborted) {
      await (run.handle.sharing ? run.leave() : run.stop())
      throw abortedError()
    }
    run.setFarewell(this.#providerKeys)
    this.#run = run
    void run.handle.exited.then((exit) => this.#afterExit(run, exit))
    const { version, url } = run.connection
    const { origin, sharing } = run.handle
    this.#options.log.info(`server: connected to OpenCode ${version}, ${origin}`)
    this.#onDidChangeConnection.fire(run.connection)
    const shared = sharing && { sharing: sharing.current }
    this.#setStatus({ kind: 'running', origin, version, url, link: { kind: 'online' }, ...shared })
    sharing?.onDidChange((now) => this.#setSharing(run, now))
    return run.connection
  }

  #setSharing(run: ServerRun, sharing: ServerSharing): void {
    if (this.#run === run && this.#status.kind === 'running') this.#setStatus({ ...this.#status, sharing })
  }

  /** Shows the failure of a start, unless it was only called off, and returns what to throw. */
  #fail(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return isAbort(error) ? error : abortedError()
    const info = toErrorInfo(error)
    this.#options.log.warn(`server: ${info.code}: ${info.message}${info.detail ? `\n${info.detail}` : ''}`)
    this.#setStatus({ kind: 'failed', error: info })
    return error
  }

  #afterExit(run: ServerRun, exit: ServerExit): void {
    if (this.#run !== run || this.#stopping || this.#isDisposed) return
    if (exit.intent !== undefined) return this.#afterOrder(run, exit.intent)
    const cause = exitError('The OpenCode server went down', exit)
    this.#options.log.warn(`server: ${cause.message}${cause.detail === '' ? '' : `\n${cause.detail}`}`)
    const uptimeMs = Date.now() - run.since
    this.#dropRun()
    void run.connection.close().catch(() => undefined)
    void this.#begin((signal) => this.#restartAfter(cause, uptimeMs, signal))
  }

  /** Somebody else has ended the server that we use, and may be starting a new one just now. */
  #afterOrder(run: ServerRun, intent: StopIntent): void {
    this.#options.log.info(`server: somebody else has ended it (${intent})`)
    this.#dropRun()
    void run.connection.close().catch(() => undefined)
    if (intent === 'stop') this.#setStatus({ kind: 'stopped' })
    else void this.#begin((signal) => this.#startFirst(signal))
  }

  async #restartAfter(first: OpencodeError, uptimeMs: number, signal: AbortSignal): Promise<Connection> {
    let cause: unknown = first
    for (let uptime = uptimeMs; ; uptime = 0) {
      const step = this.#policy.next(Date.now(), uptime)
      const info = toErrorInfo(cause)
      if (!step || lastingCauses.has(info.code)) throw this.#fail(step ? cause : gaveUp(cause), signal)
      this.#policy = step.policy
      this.#setStatus({ kind: 'starting', since: Date.now(), restart: step.count, cause: info })
      try {
        await sleep(step.delayMs, undefined, { signal })
        return await this.#launch(signal)
      } catch (error) {
        if (signal.aborted) throw abortedError()
        cause = error
      }
    }
  }

  #leaveBy(end: (run: ServerRun) => Promise<void>): Promise<void> {
    const start = this.#starting
    start?.controller.abort()
    this.#stopping ??= Promise.resolve()
      .then(() => this.#endNow(start?.promise, end))
      .finally(() => {
        this.#stopping = undefined
      })
    return this.#stopping
  }

  async #endNow(
    abortedStart: Promise<unknown> | undefined,
    end: (run: ServerRun) => Promise<void>,
  ): Promise<void> {
    if (this.#run || abortedStart) this.#setStatus({ kind: 'stopping' })
    await abortedStart?.catch(() => undefined)
    if (this.#run) await end(this.#run)
    this.#setStatus({ kind: 'stopped' })
  }

  async #stopRun(run: ServerRun, intent: StopIntent): Promise<void> {
    await this.#runTasks(this.#leaveTasks, run)
    if (run.handle.origin === 'managed') await this.#runTasks(this.#stopTasks, run)
    this.#dropRun()
    await run.stop(intent)
  }

  async #leaveRun(run: ServerRun, isBusy: boolean): Promise<void> {
    await this.#runTasks(this.#leaveTasks, run)
    this.#dropRun()
    await run.leave(isBusy)
  }

  async #runTasks(tasks: ReadonlySet<StopTask>, { connection }: ServerRun): Promise<void> {
    const runAll = async (): Promise<void> => {
      for (const task of tasks) {
        try {
          await task(connection)
        } catch (error) {
          this.#options.log.warn(`server: a task before the stop failed: ${toErrorInfo(error).message}`)
        }
      }
    }
    if (tasks.size > 0) await settlesWithin(runAll(), stopTasksTimeoutMs)
  }

  #dropRun(): void {
    this.#run = undefined
    this.#onDidChangeConnection.fire(undefined)
  }

  #setStatus(status: ServerStatus): void {
    const isSame =
      status.kind === this.#status.kind && (status.kind === 'stopped' || status.kind === 'stopping')
    this.#status = status
    if (!isSame) this.#onDidChangeStatus.fire(status)
  }
}

function gaveUp(cause: unknown): LaunchError {
  const info = toErrorInfo(cause)
  return new LaunchError(
    info.code,
    `The OpenCode server went down again and again, so it is not started by itself any more. ${info.message}`,
    { detail: info.detail ?? '', cause },
  )
}
