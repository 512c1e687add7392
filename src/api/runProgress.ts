import type * as api from '../../api/index.d.ts'
import type { MessageID } from '../opencode/ids.ts'
import { isAhead, isUndelivered } from '../session/messages.ts'
import type { AssistantMessage, Request, RunError, TextBlock, ToolBlock } from '../session/model.ts'
import type { SessionState } from '../session/state.ts'

/** What is new in a run since the last look. */
export type RunNews =
  | { readonly kind: 'status'; readonly status: api.ExecutionStatus }
  | { readonly kind: 'text'; readonly text: api.ExecutionText }
  | { readonly kind: 'tool'; readonly tool: api.ExecutionTool }
  | { readonly kind: 'request'; readonly request: Request }

/** How a run stands; `over` may still change within moments. */
export type RunStand =
  | { readonly kind: 'going' }
  /** The prompt could not be delivered. */
  | { readonly kind: 'undelivered'; readonly message: string }
  | { readonly kind: 'over'; readonly error: RunError | undefined }

/**
 * Follows the answers to one prompt through the states of its session. It looks at states, not at events, so
 * that a gap in the stream loses nothing: the next state holds all of it.
 */
export class RunProgress {
  readonly #promptID: MessageID
  /** What stood in the session before the prompt. */
  readonly #before: ReadonlySet<MessageID>
  /** Of an earlier run; it stands until this one begins. */
  readonly #oldError: RunError | undefined
  readonly #texts = new Map<string, string>()
  readonly #tools = new Map<string, ToolBlock>()
  readonly #requests = new Set<string>()
  #status = ''
  #wasBusy = false

  constructor(promptID: MessageID, before: SessionState) {
    this.#promptID = promptID
    this.#before = new Set(before.messages.map(({ id }) => id))
    this.#oldError = before.error
  }

  /** What to tell about a state; what was told is not told again. */
  update(state: SessionState): readonly RunNews[] {
    if (!this.isDelivered(state)) return []
    if (state.status.kind !== 'idle') this.#wasBusy = true
    const answers = this.answers(state)
    const requests = state.requests.filter(({ id }) => !this.#requests.has(id))
    for (const { id } of requests) this.#requests.add(id)
    return [
      ...answers.flatMap((answer) => this.#newsOf(answer)),
      ...this.#statusNews(state),
      ...requests.map((request): RunNews => ({ kind: 'request', request })),
    ]
  }

  /** Whether the server has the prompt. */
  isDelivered(state: SessionState): boolean {
    return state.messages.some((message) => message.id === this.#promptID && !isUndelivered(message))
  }

  stand(state: SessionState): RunStand {
    const prompt = state.messages.find(({ id }) => id === this.#promptID)
    const delivery = prompt?.role === 'user' ? prompt.delivery : undefined
    if (delivery?.kind === 'failed') return { kind: 'undelivered', message: delivery.message }
    if (!prompt || isAhead(prompt) || state.status.kind !== 'idle') return going
    return this.#idleStand(state)
  }

  answers(state: SessionState): readonly AssistantMessage[] {
    return state.messages.filter(
      (message): message is AssistantMessage => message.role === 'assistant' && !this.#before.has(message.id),
    )
  }

  #idleStand(state: SessionState): RunStand {
    const last = this.answers(state).at(-1)
    const error = (state.error === this.#oldError ? undefined : state.error) ?? last?.error
    if (error) return { kind: 'over', error }
    if (last?.completed !== undefined) return { kind: 'over', error: undefined }
    return this.#wasBusy ? { kind: 'over', error: noAnswer } : going
  }

  #newsOf(answer: AssistantMessage): readonly RunNews[] {
    if (answer.isSummary === true) return []
    return answer.blocks.flatMap((block): readonly RunNews[] => {
      if (block.type === 'text' && block.synthetic !== true) return this.#textNews(answer.id, block)
      return block.type === 'tool' ? this.#toolNews(answer.id, block) : []
    })
  }

  #textNews(messageID: MessageID, { id, text }: TextBlock): readonly RunNews[] {
    const key = `${messageID}/${id}`
    const known = this.#texts.get(key) ?? ''
    if (text === known) return []
    this.#texts.set(key, text)
    const isReplaced = !text.startsWith(known)
    const delta = isReplaced ? text : text.slice(known.length)
    return [{ kind: 'text', text: { messageID, partID: id, delta, text, isReplaced } }]
  }

  #toolNews(messageID: MessageID, block: ToolBlock): readonly RunNews[] {
    const known = this.#tools.get(block.id)
    this.#tools.set(block.id, block)
    const isNews =
      known?.status !== block.status || known.output !== block.output || known.target !== block.target
    return isNews ? [{ kind: 'tool', tool: toTool(messageID, block) }] : []
  }

  #statusNews(state: SessionState): readonly RunNews[] {
    const status = statusOf(state)
    const key = JSON.stringify(status)
    if (!status || key === this.#status) return []
    this.#status = key
    return [{ kind: 'status', status }]
  }
}

/** The text of the last answer that has any. */
export function finalText(answers: readonly AssistantMessage[]): string {
  for (const { blocks, isSummary } of answers.toReversed()) {
    const texts = blocks.flatMap((block) =>
      block.type === 'text' && block.synthetic !== true ? [block.text] : [],
    )
    if (isSummary !== true && texts.some((text) => text !== '')) return texts.join('\n')
  }
  return ''
}

export function totals(answers: readonly AssistantMessage[]): {
  readonly tokens: api.TokenCount
  readonly cost: number
} {
  const sum = (of: (message: AssistantMessage) => number): number =>
    answers.reduce((total, message) => total + of(message), 0)
  return {
    tokens: {
      input: sum(({ tokens }) => tokens.input),
      output: sum(({ tokens }) => tokens.output),
      reasoning: sum(({ tokens }) => tokens.reasoning),
      cacheRead: sum(({ tokens }) => tokens.cacheRead),
      cacheWrite: sum(({ tokens }) => tokens.cacheWrite),
    },
    cost: sum(({ cost }) => cost),
  }
}

const going: RunStand = { kind: 'going' }
const noAnswer: RunError = {
  name: 'NoAnswer',
  message: 'The run ended without an answer.',
  kind: 'other',
}

function statusOf({ status, requests, session }: SessionState): api.ExecutionStatus | undefined {
  const sessionID = session.id
  const [request] = requests
  if (request) return { state: 'waiting', sessionID, for: request.kind }
  switch (status.kind) {
    case 'idle':
      return undefined
    case 'busy':
      return { state: 'running', sessionID }
    case 'retry': {
      const { attempt, message, next } = status
      return { state: 'retrying', sessionID, attempt, message, next }
    }
  }
}

function toTool(messageID: MessageID, block: ToolBlock): api.ExecutionTool {
  const { callID, name, status, input, target, output, error, exitCode } = block
  return {
    callID,
    messageID,
    name,
    status,
    input,
    ...(target === undefined ? {} : { target }),
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(exitCode === undefined ? {} : { exitCode }),
  }
}
