import { OpencodeError, toErrorInfo } from '../opencode/errors.ts'
import type { ErrorInfo } from '../opencode/errors.ts'
import type { Disposable } from '../util/lifecycle.ts'
import type { Handlers } from './methods.ts'

/** What carries messages over the wall: `postMessage` on both sides. */
export interface Transport {
  post(message: unknown): void
  /** Subscribes to what the other side posts. */
  listen(listener: (message: unknown) => void): Disposable
}

type Envelope =
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly kind: 'notice'; readonly method: string; readonly params: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorInfo }

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
}

type Params<M, K extends keyof M> = M[K] extends { params: infer P } ? P : never
type Result<M, K extends keyof M> = M[K] extends { result: infer R } ? R : never

/**
 * Typed calls in both directions over one transport. Every call settles: with the result, with the
 * handler's error, with `unknown-method`, or with `channel-closed` when this side is disposed.
 */
export class RpcChannel<Local, Remote> implements Disposable {
  readonly #transport: Transport
  readonly #handlers: Handlers<Local>
  readonly #check: (method: string, params: unknown) => unknown
  readonly #onError: (method: string, error: unknown) => void
  readonly #waiting = new Map<number, Waiting>()
  readonly #subscription: Disposable
  #lastID = 0
  #isClosed = false

  /** `check` returns the validated params or throws `invalid-params`; `onError` hears of handler failures. */
  constructor(
    transport: Transport,
    handlers: Handlers<Local>,
    options: {
      readonly check?: (method: string, params: unknown) => unknown
      readonly onError?: (method: string, error: unknown) => void
    } = {},
  ) {
    this.#transport = transport
    this.#handlers = handlers
    this.#check = options.check ?? ((_method, params) => params)
    this.#onError = options.onError ?? (() => undefined)
    this.#subscription = transport.listen((message) => void this.#receive(message))
  }

  call<K extends keyof Remote & string>(method: K, params: Params<Remote, K>): Promise<Result<Remote, K>> {
    if (this.#isClosed) return Promise.reject(closed())
    const id = ++this.#lastID
    const promise = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    this.#post({ kind: 'call', id, method, params })
    return promise as Promise<Result<Remote, K>>
  }

  /** A call whose end nobody waits for. */
  notify<K extends keyof Remote & string>(method: K, params: Params<Remote, K>): void {
    if (!this.#isClosed) this.#post({ kind: 'notice', method, params })
  }

  dispose(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#subscription.dispose()
    for (const waiting of this.#waiting.values()) waiting.reject(closed())
    this.#waiting.clear()
  }

  async #receive(message: unknown): Promise<void> {
    if (!isEnvelope(message)) return
    switch (message.kind) {
      case 'result':
        this.#settle(message.id, (waiting) => waiting.resolve(message.result))
        return
      case 'error':
        this.#settle(message.id, (waiting) =>
          waiting.reject(new OpencodeError(message.error.code, message.error.message)),
        )
        return
      case 'notice':
        await this.#run(message.method, message.params).catch((error: unknown) =>
          this.#onError(message.method, error),
        )
        return
      case 'call':
        return this.#answer(message.id, message.method, message.params)
    }
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    try {
      const result = await this.#run(method, params)
      this.#post({ kind: 'result', id, result })
    } catch (error) {
      this.#onError(method, error)
      this.#post({ kind: 'error', id, error: toErrorInfo(error) })
    }
  }

  async #run(method: string, params: unknown): Promise<unknown> {
    if (!Object.hasOwn(this.#handlers, method)) {
      throw new OpencodeError('unknown-method', `There is no method ${method.slice(0, 80)}.`)
    }
    const handler = this.#handlers[method as keyof Handlers<Local>] as (params: unknown) => unknown
    return await handler(this.#check(method, params))
  }

  #settle(id: number, run: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (waiting) run(waiting)
  }

  #post(envelope: Envelope): void {
    if (!this.#isClosed) this.#transport.post(envelope)
  }
}

function closed(): OpencodeError {
  return new OpencodeError('channel-closed', 'The view was closed before the answer came.')
}

function isEnvelope(message: unknown): message is Envelope {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return false
  const { kind, id, method } = message as { kind: unknown; id?: unknown; method?: unknown }
  if (kind === 'call') return typeof id === 'number' && typeof method === 'string'
  if (kind === 'notice') return typeof method === 'string'
  return (kind === 'result' || kind === 'error') && typeof id === 'number'
}
