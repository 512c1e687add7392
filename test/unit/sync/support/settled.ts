import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Message } from '../../../../src/session/model.ts'
import { reduceSession } from '../../../../src/session/reducer.ts'
import type { SessionState } from '../../../../src/session/state.ts'

/** What two copies of a session must agree on: all but what no server stores. */
export function comparable(state: SessionState): unknown {
  const settled = reduceSession(state, { type: 'settle' })
  const requests = settled.requests.map((request) => request.id).sort()
  return { ...settled, error: undefined, requests, messages: settled.messages.map(withoutMarks) }
}

function withoutMarks(message: Message): unknown {
  const blocks = message.blocks.map((block) => ({ ...block, gap: undefined, files: undefined }))
  return JSON.parse(JSON.stringify({ ...message, blocks }))
}

/** Waits for an assertion to hold; fails with its own error when the time is up. */
export async function eventually(check: () => void | Promise<void>, timeoutMs = 4_000): Promise<void> {
  const end = performance.now() + timeoutMs
  for (;;) {
    try {
      await check()
      return
    } catch (error) {
      if (performance.now() > end || !(error instanceof assert.AssertionError)) throw error
      await sleep(10)
    }
  }
}
