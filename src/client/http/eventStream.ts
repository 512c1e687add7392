import { setTimeout as sleep } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import { OpencodeError } from '../../opencode/errors.ts'
import type { ServerEvent } from '../connection.ts'
import type { ClientLog } from '../clientLog.ts'
import { EventQueue } from './eventQueue.ts'
import type { HttpClient } from './httpClient.ts'
import { defaultDelays, ReconnectDelay } from './reconnectDelay.ts'
import type { DelayTiming } from './reconnectDelay.ts'
import { SilenceWatch } from './silenceWatch.ts'

/** Whether the stream is up; told besides the events themselves. */
export type LinkEvent = Extract<ServerEvent, { kind: 'up' | 'down' }>

export interface EventStreamOptions<T> {
  readonly client: HttpClient
  /** Route of the stream. */
  readonly route: string
  readonly log: ClientLog
  /** Turns one event, as parsed JSON, into what it means; MUST NOT throw for unknown events. */
  readonly decode: (event: unknown) => readonly T[]
  /** Whether an event can be left out by the look of its text, which saves parsing it. */
  readonly skip?: (data: string) => boolean
  /**
   * How long after its first event a server may still leave events out, in milliseconds; `up` comes only then, so
   * that what is fetched at `up` misses nothing. 0 when left out.
   */
  readonly settleMs?: number
  /** Asked when the stream has been silent for too long. */
  readonly ping: (signal: AbortSignal) => Promise<void>
  readonly timing?: Partial<StreamTiming>
  /** 0 to below 1; for the jitter. */
  readonly random?: () => number
}

export interface StreamTiming extends DelayTiming {
  /** Until the server answers the request for the stream. */
  readonly openMs: number
  /** Silence after which we ask whether the server lives: three heartbeats. */
  readonly silenceMs: number
  /** Further silence, after a good answer, until the stream itself counts as dead. */
  readonly graceMs: number
}

const defaultTiming: StreamTiming = { ...defaultDelays, openMs: 10_000, silenceMs: 30_000, graceMs: 12_000 }

/** Characters of one event, and events that nobody has taken yet, before we start afresh. */
const maxEventSize = 64 * 1024 * 1024
const maxWaiting = 200_000

/**
 * Follows one endless event stream until the signal aborts: `up` when the first event of a connection is in
 * (and the server has had its time to settle), `down` with the cause and the time of the next attempt when it is lost. Reads at full speed whatever the
 * consumer does; a consumer that falls far behind gets a `down` and `up` (and so fetches again) instead of
 * the events.
 */
export async function* followEvents<T>(
  options: EventStreamOptions<T>,
  signal: AbortSignal,
): AsyncGenerator<T | LinkEvent, void> {
  const queue = new EventQueue<T | LinkEvent>()
  const stop = new AbortController()
  const onAbort = (): void => stop.abort()
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) stop.abort()
  const running = run(options, queue, stop.signal).finally(() => queue.end())
  try {
    for (let batch = await queue.take(); batch && !stop.signal.aborted; batch = await queue.take()) {
      options.client.metrics.addLag(queue.waitedMs)
      yield* batch
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    stop.abort()
    await running
  }
}

async function run<T>(
  options: EventStreamOptions<T>,
  queue: EventQueue<T | LinkEvent>,
  signal: AbortSignal,
): Promise<void> {
  const timing = { ...defaultTiming, ...options.timing }
  const delay = new ReconnectDelay(timing, options.random ?? Math.random)
  while (!signal.aborted) {
    const { error, livedMs } = await connectOnce(options, queue, timing, signal)
    if (isStopped(signal)) return
    const waitMs = delay.next(error, livedMs)
    const cause = error ?? new OpencodeError('connection-lost', 'The server ended the event stream.')
    options.client.metrics.reconnects++
    options.log.info(
      `client event stream is down (${codeOf(cause)}), next attempt in ${Math.round(waitMs)} ms`,
    )
    queue.push({ kind: 'down', error: cause, retryAt: Date.now() + Math.round(waitMs) })
    await sleep(waitMs, undefined, { signal }).catch(() => undefined)
  }
}

/** The loop's own condition makes the compiler think that this cannot change. */
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted
}

interface Outcome {
  /** Undefined when the server ended the stream in order. */
  readonly error: unknown
  /** How long the stream was up; 0 when it never was. */
  readonly livedMs: number
}

async function connectOnce<T>(
  options: EventStreamOptions<T>,
  queue: EventQueue<T | LinkEvent>,
  timing: StreamTiming,
  signal: AbortSignal,
): Promise<Outcome> {
  const link = new AbortController()
  const onAbort = (): void => link.abort()
  signal.addEventListener('abort', onAbort)
  const reader = new EventReader(options, queue)
  const watch = new SilenceWatch(timing, options.ping, () => link.abort())
  const { client, route } = options
  try {
    await client.stream(
      { method: 'GET', route, signal: link.signal, timeoutMs: timing.openMs },
      () => watch.start(),
      (bytes) => {
        watch.heard()
        reader.feed(bytes)
      },
    )
    return { error: undefined, livedMs: reader.livedMs }
  } catch (error) {
    return { error: watch.verdict ?? error, livedMs: reader.livedMs }
  } finally {
    signal.removeEventListener('abort', onAbort)
    watch.dispose()
    reader.dispose()
  }
}

/** Bytes of one connection in, events out. */
class EventReader<T> {
  readonly #options: EventStreamOptions<T>
  readonly #queue: EventQueue<T | LinkEvent>
  readonly #decoder = new TextDecoder()
  readonly #parser = createParser({
    maxBufferSize: maxEventSize,
    onEvent: (event) => this.#receive(event.data),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') throw overflow('An event is larger than 64 MiB.')
    },
  })
  #upSince: number | undefined
  #settling: { readonly timer: NodeJS.Timeout; readonly held: T[] } | undefined

  constructor(options: EventStreamOptions<T>, queue: EventQueue<T | LinkEvent>) {
    this.#options = options
    this.#queue = queue
  }

  get livedMs(): number {
    return this.#upSince === undefined ? 0 : performance.now() - this.#upSince
  }

  /** The connection is over; what it held back is fetched again after the next one. */
  dispose(): void {
    clearTimeout(this.#settling?.timer)
    this.#settling = undefined
  }

  feed(bytes: Buffer): void {
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }))
    if (this.#queue.length <= maxWaiting) return
    this.#queue.clear()
    throw overflow('Events came in faster than they were used.')
  }

  #receive(data: string): void {
    if (this.#upSince === undefined) {
      this.#upSince = performance.now()
      this.#settle(this.#options.settleMs ?? 0)
    }
    if (this.#options.skip?.(data) === true) return
    const event = this.#parse(data)
    if (event === undefined) return
    this.#options.client.metrics.addEvent()
    for (const item of this.#options.decode(event)) (this.#settling?.held ?? this.#queue).push(item)
  }

  #settle(ms: number): void {
    const up = (): void => {
      const held = this.#settling?.held ?? []
      this.#settling = undefined
      this.#queue.push({ kind: 'up' })
      for (const item of held) this.#queue.push(item)
    }
    if (ms === 0) up()
    else this.#settling = { timer: setTimeout(up, ms), held: [] }
  }

  #parse(data: string): unknown {
    try {
      return JSON.parse(data) as unknown
    } catch {
      this.#options.log.warn(`client event stream: an event of ${data.length} characters is not valid JSON`)
      return undefined
    }
  }
}

function overflow(message: string): OpencodeError {
  return new OpencodeError('too-large', `${message} Everything is fetched again.`)
}

function codeOf(error: unknown): string {
  return error instanceof OpencodeError ? error.code : 'internal'
}
