import { setTimeout as sleep } from 'node:timers/promises'
import { toMessageID } from '../../opencode/ids.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import type { PromptDelivery } from '../../session/model.ts'
import type { SessionInbox } from '../inbox.ts'
import { unless } from '../unless.ts'
import type { V2Routes } from './routes.ts'

const acceptMs = 1_500
const longestRunMs = 24 * 60 * 60_000

export class V2Inbox implements SessionInbox {
  readonly #routes: V2Routes

  constructor(routes: V2Routes) {
    this.#routes = routes
  }

  async cancel(sessionID: SessionID, messageID: MessageID): Promise<void> {
    await unless('not-found', this.#item('DELETE', sessionID, messageID))
  }

  async redeliver(sessionID: SessionID, messageID: MessageID, delivery: PromptDelivery): Promise<void> {
    await unless('not-found', this.#item('PATCH', sessionID, messageID, { delivery }))
  }

  resume(sessionID: SessionID): Promise<void> {
    return resume(this.#routes, sessionID)
  }

  #item(method: 'DELETE' | 'PATCH', sessionID: SessionID, id: MessageID, body?: object): Promise<unknown> {
    const options = { template: '/inbox/{id}', ...(body ? { body } : {}) }
    return this.#routes.ofSession(method, sessionID, `/inbox/${toMessageID(id)}`, options)
  }
}

/** The route answers when the run is over, so only a refusal is waited for. */
export async function resume(routes: V2Routes, sessionID: SessionID): Promise<void> {
  const run = routes.ofSession('POST', sessionID, '/resume', { timeoutMs: longestRunMs })
  run.catch(() => undefined)
  await Promise.race([run, sleep(acceptMs, undefined, { ref: false })])
}
