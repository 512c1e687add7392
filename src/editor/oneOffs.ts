import type { ExecutionStatus } from '../../api/index.d.ts'
import { ApiError } from '../api/apiError.ts'
import { checkTrust } from '../api/consents.ts'
import type { RunHost } from '../api/runHost.ts'
import type { Executions } from '../api/executions.ts'
import { createRunHost } from '../api/windowHost.ts'
import type { SessionTools } from '../client/connection.ts'
import { OpencodeError } from '../opencode/errors.ts'
import type { SessionID } from '../opencode/ids.ts'
import { toSessionID } from '../opencode/ids.ts'
import { createBlockID } from '../prompt/promptIds.ts'
import type { PromptPart } from '../session/model.ts'
import type { Services } from '../views/services.ts'

/** A prompt whose answer is wanted as a text, and not in a chat. */
export interface OneOffRequest {
  readonly directory: string
  readonly text: string
  readonly parts: readonly PromptPart[]
  /** A session to go on in; a new one with this title and these tools where it is left out. */
  readonly sessionID?: SessionID
  readonly title: string
  readonly tools: SessionTools
  /** Aborts the run on the server, too. */
  readonly signal?: AbortSignal
  /** The answer so far. */
  readonly onText?: (text: string) => void
}

export interface OneOffAnswer {
  readonly sessionID: SessionID
  readonly text: string
}

/**
 * Runs prompts of the editor in sessions of their own, by the machinery that other extensions use: started server,
 * outbox, end of the run, abort. Nobody is there to be asked, so what would need a permission is refused.
 */
export class OneOffs {
  readonly #services: Services
  readonly #executions: Executions
  readonly #host: RunHost

  constructor(services: Services, executions: Executions) {
    this.#services = services
    this.#executions = executions
    this.#host = createRunHost(services, { check: () => Promise.resolve().then(checkTrust) }, caller)
  }

  /** @throws OpencodeError `aborted` when the signal ended it, else what went wrong */
  async run({ text, parts, onText, ...request }: OneOffRequest): Promise<OneOffAnswer> {
    const { directory, sessionID, title, tools, signal } = request
    const host: RunHost = {
      ...this.#host,
      compose: async (...args) => withParts(await this.#host.compose(...args), parts),
    }
    const checked = { prompt: text, parts: [], folder: directory, title, tools, sessionID, signal }
    const { quietRuns } = this.#services
    let running: SessionID | undefined
    const callbacks = {
      onStatus: (status: ExecutionStatus) => {
        if (status.state === 'sending') quietRuns.add((running = toSessionID(status.sessionID)))
      },
      onText: (news: { readonly text: string }) => onText?.(news.text),
      onPermission: () => ({ reply: 'reject', message: refusal }) as const,
    }
    try {
      const all = { ...checked, signal, agent: undefined, model: undefined, timeout: undefined }
      const result = await this.#executions.start(caller, all, callbacks, host).result
      return { sessionID: toSessionID(result.sessionID), text: result.text }
    } catch (error) {
      throw ownError(error)
    } finally {
      // The news of its end may come a moment later.
      setTimeout(() => running && quietRuns.delete(running), quietMs).unref()
    }
  }

  /** Deletes the session of an answer that is of no more use; a failure leaves it among the others. */
  async forget(directory: string, sessionID: SessionID): Promise<void> {
    const { connection } = this.#services.backends.for(directory).hub
    await connection?.deleteSession(sessionID).catch(() => undefined)
  }
}

const caller = 'the editor'
const quietMs = 3_000
const refusal = 'Nobody can be asked for a permission here. Answer with what you know.'

type Prompt = Awaited<ReturnType<RunHost['compose']>>

function withParts(prompt: Prompt, parts: readonly PromptPart[]): Prompt {
  return { ...prompt, parts: [...prompt.parts, ...parts.map((part) => ({ ...part, id: createBlockID() }))] }
}

function ownError(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error
  if (error.code === 'cancelled' || error.code === 'window-closing') {
    return new OpencodeError('aborted', error.message, { cause: error })
  }
  return error.cause instanceof OpencodeError
    ? error.cause
    : new OpencodeError(error.code === 'timeout' ? 'timeout' : 'server-error', error.message, {
        cause: error,
      })
}
