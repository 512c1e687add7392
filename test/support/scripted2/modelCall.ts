import type { Provider } from './config.ts'
import type { Data, Message, Tokens, WireError } from './wire.ts'
import { isData, noTokens, textIn } from './wire.ts'

export interface ModelSink {
  text(kind: 'text' | 'reasoning', delta: string): void
  toolStarted(id: string, name: string): void
  toolInput(id: string, delta: string): void
}

export interface ModelResult {
  readonly finish: string
  readonly tokens: Tokens
}

/** A call that went wrong, in the words of the wire. */
export class ModelFailure extends Error {
  readonly error: WireError
  readonly isRetryable: boolean
  readonly retryAfterMs: number | undefined

  constructor(error: WireError, isRetryable: boolean, retryAfterMs?: number) {
    super(error.message)
    this.error = error
    this.isRetryable = isRetryable
    this.retryAfterMs = retryAfterMs
  }
}

export interface ModelCall {
  readonly provider: Provider
  readonly apiKey: string
  readonly model: string
  readonly sessionID: string
  readonly messages: readonly Data[]
  readonly tools?: readonly string[]
  readonly signal: AbortSignal
}

/** One streamed chat completion. @throws ModelFailure; what the signal caused is thrown as it is */
export async function callModel(call: ModelCall, sink: ModelSink): Promise<ModelResult> {
  const response = await send(call)
  if (!response.ok || !response.body) throw await refusal(response)
  const reader = new ChunkReader(sink)
  const decoder = new TextDecoder()
  try {
    for await (const bytes of response.body) reader.feed(decoder.decode(bytes, { stream: true }))
  } catch (error) {
    if (error instanceof ModelFailure || call.signal.aborted) throw error
    throw new ModelFailure(
      { type: 'provider.transport', message: 'The connection to the provider broke.' },
      true,
    )
  }
  if (!reader.isDone)
    throw new ModelFailure({ type: 'provider.transport', message: 'The provider ended early.' }, true)
  return { finish: reader.finish, tokens: reader.tokens }
}

async function send({
  provider,
  apiKey,
  model,
  sessionID,
  messages,
  tools,
  signal,
}: ModelCall): Promise<Response> {
  const body = {
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages,
    tools: tools?.map((name) => ({ type: 'function', function: { name, parameters: { type: 'object' } } })),
  }
  try {
    return await fetch(`${provider.baseURL}/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${apiKey}`,
        'x-session-id': sessionID,
      },
      body: JSON.stringify(body),
      signal,
    })
  } catch (error) {
    if (signal.aborted) throw error
    throw new ModelFailure({ type: 'provider.transport', message: 'The provider cannot be reached.' }, true)
  }
}

async function refusal(response: Response): Promise<ModelFailure> {
  const body: unknown = await response.json().catch(() => ({}))
  const said = isData(body) && isData(body['error']) ? textIn(body['error'], 'message') : undefined
  const { status } = response
  const type =
    status === 401 || status === 403
      ? 'provider.auth'
      : status === 429
        ? 'provider.rate-limit'
        : status >= 500
          ? 'provider.internal'
          : 'provider.invalid-request'
  const after = Number(response.headers.get('retry-after') ?? Number.NaN)
  const isRetryable = status === 429 || status >= 500
  return new ModelFailure(
    { type, message: said ?? `HTTP ${status}`, status },
    isRetryable,
    Number.isFinite(after) ? after * 1000 : undefined,
  )
}

class ChunkReader {
  readonly #sink: ModelSink
  readonly #tools = new Map<number, string>()
  #rest = ''
  finish = 'stop'
  tokens: Tokens = noTokens
  isDone = false

  constructor(sink: ModelSink) {
    this.#sink = sink
  }

  feed(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data: ')) this.#data(line.slice(6))
  }

  #data(data: string): void {
    if (data === '[DONE]') {
      this.isDone = true
      return
    }
    const chunk = JSON.parse(data) as Data
    if (isData(chunk['error'])) {
      const message = textIn(chunk['error'], 'message') ?? 'The provider failed.'
      throw new ModelFailure({ type: 'provider.internal', message }, true)
    }
    if (isData(chunk['usage'])) this.tokens = toTokens(chunk['usage'])
    const choice: unknown = Array.isArray(chunk['choices']) ? chunk['choices'][0] : undefined
    if (!isData(choice)) return
    const reason = textIn(choice, 'finish_reason')
    if (reason !== undefined) this.finish = reason === 'tool_calls' ? 'tool-calls' : reason
    if (isData(choice['delta'])) this.#delta(choice['delta'])
  }

  #delta(delta: Data): void {
    const reasoning = textIn(delta, 'reasoning_content')
    const text = textIn(delta, 'content')
    if (reasoning) this.#sink.text('reasoning', reasoning)
    if (text) this.#sink.text('text', text)
    const calls = Array.isArray(delta['tool_calls']) ? delta['tool_calls'].filter(isData) : []
    for (const call of calls) this.#tool(call)
  }

  #tool(call: Data): void {
    const index = Number(call['index'] ?? 0)
    const told = isData(call['function']) ? call['function'] : {}
    const id = textIn(call, 'id') ?? this.#tools.get(index) ?? 'call_unknown'
    if (!this.#tools.has(index)) {
      this.#tools.set(index, id)
      this.#sink.toolStarted(id, textIn(told, 'name') ?? 'unknown')
    }
    const input = textIn(told, 'arguments')
    if (input) this.#sink.toolInput(id, input)
  }
}

function toTokens(usage: Data): Tokens {
  const details = isData(usage['completion_tokens_details']) ? usage['completion_tokens_details'] : {}
  const reasoning = Number(details['reasoning_tokens'] ?? 0)
  return {
    input: Number(usage['prompt_tokens'] ?? 0),
    output: Number(usage['completion_tokens'] ?? 0) - reasoning,
    reasoning,
    cache: { read: 0, write: 0 },
  }
}

/** The conversation as the provider gets it, from the last summary on. */
export function chatMessages(history: readonly Message[], system: string): readonly Data[] {
  const start = history.findLastIndex(({ type, status }) => type === 'compaction' && status === 'completed')
  return [{ role: 'system', content: system }, ...history.slice(Math.max(0, start)).flatMap(toChat)]
}

function toChat(message: Message): readonly Data[] {
  switch (message.type) {
    case 'user':
      return [{ role: 'user', content: userContent(message) }]
    case 'synthetic':
      return [{ role: 'user', content: message['text'] }]
    case 'compaction':
      return [{ role: 'assistant', content: message['summary'] ?? '' }]
    case 'assistant':
      return assistantChat(message)
    default:
      return []
  }
}

function userContent(message: Message): readonly Data[] {
  const files = Array.isArray(message['files']) ? message['files'].filter(isData) : []
  const attached = files.map((file) => {
    const mime = textIn(file, 'mime') ?? ''
    const data = textIn(file, 'data') ?? ''
    return mime.startsWith('image/')
      ? { type: 'image_url', image_url: { url: `data:${mime};base64,${data}` } }
      : { type: 'text', text: Buffer.from(data, 'base64').toString('utf8') }
  })
  return [{ type: 'text', text: message['text'] }, ...attached]
}

function assistantChat(message: Message): readonly Data[] {
  const content = message.content ?? []
  const text = content.flatMap((item) => (item.type === 'text' ? [item.text] : [])).join('')
  const tools = content.filter((item) => item.type === 'tool')
  if (text === '' && tools.length === 0) return []
  const calls = tools.map(({ id, name, state }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(state['input'] ?? {}) },
  }))
  const results = tools.map(({ id, state }) => ({
    role: 'tool',
    tool_call_id: id,
    content: resultText(state),
  }))
  return [
    { role: 'assistant', content: text, ...(calls.length > 0 ? { tool_calls: calls } : {}) },
    ...results,
  ]
}

function resultText(state: Data): string {
  const content = Array.isArray(state['content']) ? state['content'].filter(isData) : []
  const error = isData(state['error']) ? textIn(state['error'], 'message') : undefined
  return error ?? content.map((item) => textIn(item, 'text') ?? '').join('')
}
