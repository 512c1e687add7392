import { setTimeout as sleep } from 'node:timers/promises'
import { toErrorInfo } from '../opencode/errors.ts'
import { isUndelivered } from '../session/messages.ts'
import type { Prompt, Session } from '../session/model.ts'
import type { SessionState } from '../session/state.ts'
import type { SessionStore } from '../sync/sessionHub.ts'
import type { RunPlace } from './runHost.ts'
import { whenState } from './whenState.ts'

export interface HaltOptions {
  readonly place: RunPlace
  readonly session: Session
  readonly store: SessionStore
  readonly prompt: Prompt
  readonly warn: (message: string) => void
  /** How long the end is waited for. */
  readonly patienceMs: number
}

/** How long a session must stay idle after an abort to count as stopped: a prompt that is just being stored starts a run behind it. */
const quietMs = 700

/**
 * Ends the run of a prompt that the server may have. An abort that comes before the server has begun with the
 * prompt ends nothing, so the prompt is waited for, and the abort repeated while the session does not stay idle.
 * Never rejects; returns when the run has ended or patience has.
 */
export async function haltRun(options: HaltOptions): Promise<void> {
  const { place, session, store, prompt, warn, patienceMs } = options
  const end = performance.now() + patienceMs
  const left = (): number => Math.max(1, end - performance.now())
  // It must not be sent again behind our back.
  place.outbox.remove(prompt.id)
  try {
    await whenState(store, (state) => hasPrompt(state, prompt), { timeoutMs: left() })
    while (performance.now() < end) {
      await place.connection.abort(session.id)
      await whenState(store, ({ status }) => status.kind === 'idle', {
        timeoutMs: Math.min(2_000, left()),
      }).catch(() => undefined)
      await sleep(quietMs)
      if (store.state?.status.kind === 'idle') return
    }
    warn('the run did not end in time')
  } catch (error) {
    warn(`the run could not be stopped: ${toErrorInfo(error).message}`)
  }
}

function hasPrompt({ messages }: SessionState, { id }: Prompt): boolean {
  return messages.some((message) => message.id === id && !isUndelivered(message))
}
