import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import { isAhead } from '../../session/messages.ts'
import type { Message } from '../../session/model.ts'
import { isBusy, pendingRequests, visibleMessages } from '../../session/selectors.ts'
import type { SessionState } from '../../session/state.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend } from '../backend/backends.ts'

export interface QueueWorkerOptions {
  readonly sessionID: SessionID
  readonly directory: string
  readonly backend: Backend
  readonly isPaused: () => boolean
  readonly pause: (reason: string) => void
  readonly sendFirst: () => Promise<void>
}

/** A run says that it is idle more than once; its end counts when nothing changes for so long. */
const restMs = 300
/** A prompt that has no answer although its session is idle so long gets none. */
const unansweredMs = 8_000

type Readiness =
  | { readonly kind: 'ready' | 'no' }
  /** Nothing runs, but the last prompt has no complete answer. */
  | { readonly kind: 'open' }
  | { readonly kind: 'ended'; readonly messageID: string; readonly reason: string }

/** Watches one session and sends what waits in it, one prompt after the end of the other. */
export class QueueWorker implements Disposable {
  readonly #options: QueueWorkerOptions
  readonly #store = new DisposableStore()
  readonly #session: ReturnType<Backend['hub']['open']>
  #timer: NodeJS.Timeout | undefined
  #openSince: number | undefined
  #isSending = false
  /** The failed answer after which the user let the queue go on. */
  #forgiven: string | undefined

  constructor(options: QueueWorkerOptions) {
    this.#options = options
    const { hub, outbox } = options.backend
    this.#session = this.#store.add(hub.open(options.sessionID, options.directory))
    this.#store.add(this.#session.onDidChange(() => this.check()))
    this.#store.add(outbox.onDidChange((id) => id === options.sessionID && this.check()))
    this.#store.add(hub.onDidChangeLink(() => this.check()))
  }

  /** Looks soon whether the next prompt can go. */
  check(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#look(), restMs)
  }

  resume(): void {
    const state = this.#session.state
    this.#forgiven = state && visibleMessages(state).at(-1)?.id
    this.#openSince = undefined
    this.check()
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#store.dispose()
  }

  #look(): void {
    if (this.#isSending || this.#options.isPaused()) return
    const readiness = this.#readiness()
    if (readiness.kind !== 'open') this.#openSince = undefined
    switch (readiness.kind) {
      case 'no':
        return
      case 'ended':
        return this.#options.pause(readiness.reason)
      case 'open':
        return this.#waitForAnswer()
      case 'ready':
        this.#isSending = true
        void this.#options.sendFirst().finally(() => {
          this.#isSending = false
          this.check()
        })
    }
  }

  #waitForAnswer(): void {
    this.#openSince ??= performance.now()
    if (performance.now() - this.#openSince < unansweredMs) return this.check()
    this.#openSince = undefined
    this.#options.pause(vscode.l10n.t('The last prompt got no answer.'))
  }

  #readiness(): Readiness {
    const { backend, sessionID } = this.#options
    const { state, isLoading, error } = this.#session
    if (error && error.code !== 'aborted') return { kind: 'ended', messageID: '', reason: error.message }
    if (!backend.hub.connection || !state || isLoading) return { kind: 'no' }
    if (backend.outbox.entries(sessionID).length > 0) return { kind: 'no' }
    if (isBusy(state) || pendingRequests(state).length > 0) return { kind: 'no' }
    const readiness = afterLast(state)
    const last = visibleMessages(state).at(-1)
    return readiness.kind !== 'ready' && last && last.id === this.#forgiven ? { kind: 'ready' } : readiness
  }
}

/** Whether an idle session came to the end of its last turn, and how. */
function afterLast(state: Pick<SessionState, 'messages' | 'session'>): Readiness {
  const last = visibleMessages(state).findLast((message: Message) => !isAhead(message))
  if (!last) return { kind: 'ready' }
  if (last.role === 'user' || (last.completed === undefined && !last.error)) return { kind: 'open' }
  if (!last.error) return { kind: 'ready' }
  const isStopped = last.error.kind === 'aborted' || last.error.kind === 'interrupted'
  const reason = isStopped ? vscode.l10n.t('The run was stopped.') : last.error.message
  return { kind: 'ended', messageID: last.id, reason }
}
