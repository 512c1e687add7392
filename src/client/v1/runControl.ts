import { setTimeout as sleep } from 'node:timers/promises'
import { OpencodeError } from '../../opencode/errors.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { TextBlock, UserMessage } from '../../session/model.ts'
import type { GoOnOptions, RunControl } from '../runControl.ts'
import { promptBody } from './prompt.ts'
import type { V1Routes } from './routes.ts'
import { expectSession } from './routes.ts'
import { readStatusMap } from './sessions.ts'

const idleTimeoutMs = 10_000
const idleCheckMs = 150

export class V1RunControl implements RunControl {
  readonly #routes: V1Routes

  constructor(routes: V1Routes) {
    this.#routes = routes
  }

  /**
   * A prompt that is posted again with its own ids is stored again and starts the loop, which asks the model
   * where the last answer ended early. One text part will do: the others stay.
   */
  async goOn(sessionID: SessionID, prompt: UserMessage, { agent, model }: GoOnOptions): Promise<void> {
    const text = textOf(prompt)
    await this.#routes.ofSession('POST', sessionID, '/abort')
    await this.#whenIdle(sessionID)
    const body = promptBody({
      id: prompt.id,
      created: prompt.created,
      parts: [{ type: 'text', id: text.id, text: text.text, ...(text.synthetic ? { synthetic: true } : {}) }],
      ...(agent === undefined ? {} : { agent }),
      ...(model === undefined ? {} : { model }),
    })
    await this.#routes.ofSession('POST', sessionID, '/prompt_async', { body })
  }

  async #whenIdle(sessionID: SessionID): Promise<void> {
    const { directory } = expectSession(await this.#routes.ofSession('GET', sessionID, ''))
    const end = performance.now() + idleTimeoutMs
    for (;;) {
      const status = readStatusMap((await this.#routes.in(directory, 'GET', '/session/status')).body)
      if (!status.has(sessionID)) return
      if (performance.now() > end) {
        throw new OpencodeError('busy', 'The session does not stop. Wait a moment and try again.')
      }
      await sleep(idleCheckMs)
    }
  }
}

function textOf({ blocks }: UserMessage): TextBlock {
  const texts = blocks.filter((block) => block.type === 'text')
  const text = texts.find((block) => block.synthetic !== true) ?? texts[0]
  if (text) return text
  throw new OpencodeError('unsupported', 'A prompt without text cannot be asked again. Send a new one.')
}
