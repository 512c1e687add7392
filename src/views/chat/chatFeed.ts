import { reduceChat } from '../../protocol/chat.ts'
import type { ChatAction, ChatSnapshot, ChatState } from '../../protocol/chat.ts'
import type { SessionAction } from '../../session/actions.ts'
import { coalesce } from '../../session/coalesce.ts'
import type { SessionState } from '../../session/state.ts'
import { EventBatcher } from '../../sync/mirror/eventBatcher.ts'
import type { Disposable } from '../../util/lifecycle.ts'

/**
 * The state of one chat and the numbered lists that carry its changes to the page: one per frame while
 * the page is in sight, none otherwise. What a hidden page misses leaves a gap in the numbers, so that it
 * asks for a snapshot.
 */
export class ChatFeed implements Disposable {
  readonly #send: (revision: number, actions: readonly ChatAction[]) => void
  readonly #batcher = new EventBatcher<ChatAction>({
    deliver: (actions) => this.#send(++this.#revision, actions),
    coalesce: coalesceChat,
  })
  #state: ChatState
  #revision = 0
  #isListening = false
  #isVisible = true

  constructor(initial: ChatState, send: (revision: number, actions: readonly ChatAction[]) => void) {
    this.#state = initial
    this.#send = send
  }

  get state(): ChatState {
    return this.#state
  }

  apply(action: ChatAction): void {
    const next = reduceChat(this.#state, action)
    if (next === this.#state) return
    this.#state = next
    this.#queue([action])
  }

  /** Takes over a session state that its store has reduced already, with the actions that led to it. */
  applySession(session: SessionState, actions: readonly SessionAction[]): void {
    const open = { type: 'open', session, isLoading: false } as const
    const isFirst = this.#state.session === undefined
    this.#state = isFirst ? reduceChat(this.#state, open) : { ...this.#state, session, isLoading: false }
    this.#queue(isFirst ? [open] : actions.map((action) => ({ type: 'session', action }) as const))
  }

  /** Called for each `chat/open`: from now on the page gets every change. */
  snapshot(): ChatSnapshot {
    this.#isListening = true
    this.#batcher.clear()
    return { revision: this.#revision, state: this.#state }
  }

  setVisible(isVisible: boolean): void {
    this.#isVisible = isVisible
  }

  dispose(): void {
    this.#batcher.dispose()
  }

  #queue(actions: readonly ChatAction[]): void {
    if (this.#isListening && this.#isVisible) {
      this.#batcher.push(actions)
      return
    }
    this.#batcher.clear()
    this.#revision++
  }
}

/** Joins runs of session actions, and keeps only the last of what replaces itself. */
export function coalesceChat(actions: readonly ChatAction[]): readonly ChatAction[] {
  const lastOpen = actions.findLastIndex(({ type }) => type === 'open')
  const others = new Map<ChatAction['type'], ChatAction>()
  const session: SessionAction[] = []
  actions.forEach((action, index) => {
    if (action.type !== 'session') others.set(action.type, action)
    else if (index > lastOpen) session.push(action.action)
  })
  const { open, ...rest } = Object.fromEntries(others) as Partial<Record<ChatAction['type'], ChatAction>>
  return [
    ...(open ? [open] : []),
    ...coalesce(session).map((action) => ({ type: 'session', action }) as const),
    ...Object.values(rest),
  ]
}
