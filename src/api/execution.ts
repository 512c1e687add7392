import type * as api from '../../api/index.d.ts'
import type { PermissionReply, PermissionRequest, Session } from '../session/model.ts'
import { ApiError, toApiError } from './apiError.ts'
import type { CheckedRequest } from './checkRequest.ts'
import { deliver } from './deliver.ts'
import { callbackReport } from './report.ts'
import type { Report } from './report.ts'
import type { RunHost, RunPlace } from './runHost.ts'

export interface ExecutionOptions {
  readonly id: string
  readonly request: CheckedRequest
  readonly callbacks: api.ExecutionCallbacks
  readonly host: RunHost
  /** Says whether no other execution has the session, and takes it until this one has ended. */
  readonly claim: (sessionID: string) => boolean
}

/**
 * One run for another extension, from the call to exactly one final callback. Whatever ends it early (a
 * cancel, the timeout, the window) sets the cause once; the first one counts.
 */
export class Execution implements api.Execution {
  readonly id: string
  readonly result: Promise<api.ExecutionResult>
  readonly #options: ExecutionOptions
  readonly #report: Report
  readonly #stop = new AbortController()
  readonly #started = performance.now()
  #cause: ApiError | undefined
  #sessionID: string | undefined
  #isOver = false
  #settled: Promise<void>

  constructor(options: ExecutionOptions) {
    const { id, request, callbacks, host } = options
    this.id = id
    this.#options = options
    this.#report = callbackReport(callbacks, (message) => host.warn(`api: ${id}: ${message}`))
    const listening = this.#listenTo(request)
    this.result = this.#run().finally(() => listening.abort())
    this.#settled = this.result.then(nothing, nothing)
  }

  get sessionID(): string | undefined {
    return this.#sessionID
  }

  /** Resolves after the final callback; false when that had been called before. */
  async cancel(): Promise<boolean> {
    return this.end(new ApiError('cancelled', 'The execution was cancelled.'))
  }

  async end(cause: ApiError): Promise<boolean> {
    if (this.#isOver) return false
    this.#interrupt(cause)
    await this.#settled
    return true
  }

  #listenTo({ signal, timeout }: CheckedRequest): AbortController {
    const listening = new AbortController()
    const cancel = (): void => this.#interrupt(new ApiError('cancelled', 'The execution was cancelled.'))
    if (signal?.aborted === true) cancel()
    else signal?.addEventListener('abort', cancel, { once: true, signal: listening.signal })
    if (timeout === undefined) return listening
    const message = `The execution took longer than ${timeout} ms and was stopped.`
    const timer = setTimeout(() => this.#interrupt(new ApiError('timeout', message)), timeout)
    listening.signal.addEventListener('abort', () => clearTimeout(timer))
    return listening
  }

  #interrupt(cause: ApiError): void {
    if (this.#cause || this.#isOver) return
    this.#cause = cause
    this.#stop.abort(cause)
  }

  /** The caller gets its handle before the first callback comes. */
  async #run(): Promise<api.ExecutionResult> {
    await Promise.resolve()
    try {
      const result = await this.#perform()
      this.#isOver = true
      this.#report.completion(result)
      return result
    } catch (thrown) {
      this.#isOver = true
      const error = (this.#cause ?? toApiError(thrown)).of(this.id, this.#sessionID)
      this.#report.error(error)
      throw error
    }
  }

  async #perform(): Promise<api.ExecutionResult> {
    const { host, request } = this.#options
    this.#report.status({ state: 'preparing' })
    await this.#unlessStopped(() => host.admit())
    const place = await this.#unlessStopped(() => host.place(request))
    const known = await this.#unlessStopped(() => host.session(place, request))
    if (known) this.#claim(known.id)
    const prompt = await this.#unlessStopped(() => host.compose(place, request, known))
    const session = known ?? (await this.#create(place))
    this.#sessionID = session.id
    const delivery = await deliver({
      place,
      session,
      prompt,
      isNew: !known,
      report: this.#report,
      stop: this.#stop.signal,
      answer: (asked) => this.#answer(place, asked),
      warn: (message) => host.warn(`api: ${this.id}: ${message}`),
    })
    const durationMs = Math.round(performance.now() - this.#started)
    return { executionID: this.id, sessionID: session.id, messageID: prompt.id, ...delivery, durationMs }
  }

  /** A session that nobody waits for any more is taken away again. */
  async #create({ connection, directory }: RunPlace): Promise<Session> {
    const { title, tools } = this.#options.request
    const creating = connection.createSession(directory, {
      ...(title === undefined ? {} : { title }),
      ...(tools === undefined ? {} : { tools }),
    })
    try {
      const session = await this.#unlessStopped(() => creating)
      this.#claim(session.id)
      return session
    } catch (error) {
      await creating.then(({ id }) => connection.deleteSession(id)).catch(nothing)
      throw error
    }
  }

  #claim(sessionID: string): void {
    if (this.#options.claim(sessionID)) return
    this.#sessionID = sessionID
    throw new ApiError('session-busy', 'Another execution runs in this session.')
  }

  /** What the caller does not answer waits for the user in the chat. */
  async #answer({ connection }: RunPlace, request: PermissionRequest): Promise<void> {
    const answer = readAnswer(await this.#report.permission(toPermission(request)))
    if (answer === 'invalid')
      this.#options.host.warn(`api: ${this.id}: an answer to a permission makes no sense`)
    if (answer === undefined || answer === 'invalid' || this.#stop.signal.aborted || this.#isOver) return
    await connection.replyPermission(request, answer.reply, answer.message)
  }

  /** Does not wait for what goes on when the execution ends meanwhile. */
  #unlessStopped<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#stop
    return new Promise((resolve, reject) => {
      const stopped = (): void => reject(new ApiError('cancelled', 'The execution was cancelled.'))
      if (signal.aborted) return stopped()
      signal.addEventListener('abort', stopped, { once: true })
      work()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', stopped))
    })
  }
}

function toPermission(request: PermissionRequest): api.ExecutionPermission {
  const { id, sessionID, action, patterns, always, callID, command, path, diff } = request
  return {
    id,
    sessionID,
    action,
    patterns,
    always,
    ...(callID === undefined ? {} : { callID }),
    ...(command === undefined ? {} : { command }),
    ...(path === undefined ? {} : { path }),
    ...(diff === undefined ? {} : { diff }),
  }
}

interface Answer {
  readonly reply: PermissionReply
  readonly message?: string
}

/** Undefined: no answer. */
function readAnswer(value: unknown): Answer | 'invalid' | undefined {
  if (value === undefined || value === null) return undefined
  if (value === 'once' || value === 'always' || value === 'reject') return { reply: value }
  const { reply, message } = Object(value) as { reply?: unknown; message?: unknown }
  return reply === 'reject' && typeof message === 'string' ? { reply, message } : 'invalid'
}

function nothing(): void {
  // The outcome was told by other means.
}
