import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { loremMarkdown } from './lorem.ts'
import type { Action, Step, ToolCall } from './modelScript.ts'
import type { ModelRequest } from './modelRequest.ts'

/** Where a step is played. */
export interface Stage {
  readonly call: ModelRequest
  readonly response: ServerResponse
  readonly failures: Map<string, number>
}

/** Plays one step as a chat completion; resolves when the answer ended, was cut or hangs no more. */
export async function playStep(step: Step, stage: Stage): Promise<void> {
  const stream = new CompletionStream(stage.response, stage.call)
  for (const [index, action] of step.actions.entries()) {
    if (stream.isClosed) return
    const goesOn = await play(action, stream, { stage, place: index })
    if (!goesOn) return
  }
  await stream.tools(step.tools)
  stream.end(step.tools.length > 0)
}

interface Place {
  readonly stage: Stage
  readonly place: number
}

async function play(action: Action, stream: CompletionStream, place: Place): Promise<boolean> {
  switch (action.type) {
    case 'error':
      return playFailure(action.options['times'], Infinity, place, () => {
        stream.fail(action.status, action.options)
      })
    case 'drop':
      return playFailure(action.options['times'], 1, place, () => {
        stream.drop()
      })
    case 'hang':
      await stream.closed()
      return false
    case 'wait':
      await stream.pause(action.ms)
      return true
    case 'text':
      await stream.write('content', action.text)
      return true
    case 'reason':
      await stream.write('reasoning_content', action.text)
      return true
    case 'lorem':
      await stream.write('content', loremMarkdown(action.tokens))
      return true
    case 'stamps':
      await stream.stamps(action.count)
      return true
    default:
      stream.set(action)
      return true
  }
}

/** Counts a failure by its place in the conversation, so that the retry of the same call can succeed. */
function playFailure(
  times: string | undefined,
  usual: number,
  { stage, place }: Place,
  fail: () => void,
): boolean {
  const { call, failures } = stage
  const key = [call.sessionID, call.body.messages.length, call.toolResults, place, call.prompt].join('|')
  const seen = failures.get(key) ?? 0
  if (seen >= (times === undefined ? usual : Number(times))) return true
  failures.set(key, seen + 1)
  fail()
  return false
}

type Setting = Extract<Action, { type: 'delay' | 'typing' | 'chunk' | 'usage' | 'finish' }>
type Field = 'content' | 'reasoning_content'

interface Usage {
  readonly input: number
  readonly output: number
  readonly reasoning: number
}

/** Writes server-sent chunks at the pace that was set; the head goes out with the first of them. */
class CompletionStream {
  readonly #response: ServerResponse
  readonly #call: ModelRequest
  readonly #closed: Promise<void>
  readonly #id = `chatcmpl-${String(Date.now())}`
  #delayMs = 0
  #typingMs = 0
  #characters = 16
  #usage: Usage | undefined
  #finish: string | undefined
  #written = 0
  #collected = ''
  /** When the next chunk is due: kept as a sum, so that fractions of a millisecond give the right rate. */
  #due = 0

  constructor(response: ServerResponse, call: ModelRequest) {
    this.#response = response
    this.#call = call
    this.#closed = new Promise((resolve) =>
      response.once('close', () => {
        resolve()
      }),
    )
  }

  get isClosed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded
  }

  set(setting: Setting): void {
    if (setting.type === 'delay') this.#delayMs = setting.ms
    if (setting.type === 'typing') this.#typingMs = setting.ms
    if (setting.type === 'chunk') this.#characters = setting.characters
    if (setting.type === 'usage') this.#usage = setting
    if (setting.type === 'finish') this.#finish = setting.reason
  }

  async write(field: Field, text: string): Promise<void> {
    this.#due = performance.now()
    for (let at = 0; at < text.length && !this.isClosed; at += this.#characters) {
      await this.#pace()
      this.#delta({ [field]: text.slice(at, at + this.#characters) })
    }
  }

  async stamps(count: number): Promise<void> {
    this.#due = performance.now()
    for (let index = 0; index < count && !this.isClosed; index += 1) {
      await this.#pace()
      const now = performance.timeOrigin + performance.now()
      this.#delta({ content: `⟦${now.toFixed(2)}⟧ ${index % 20 === 19 ? '\n\n' : ''}` })
    }
  }

  /** Ends early when the client goes away. */
  async pause(ms: number): Promise<void> {
    await Promise.race([sleep(ms, undefined, { ref: false }), this.closed()])
  }

  closed(): Promise<void> {
    return this.#closed
  }

  /** The input of each call comes in two pieces at least, as that of real models does. */
  async tools(calls: readonly ToolCall[]): Promise<void> {
    for (const [index, call] of calls.entries()) {
      const id = `call_${String(Date.now())}_${String(index)}${Math.random().toString(36).slice(2, 8)}`
      const half = Math.ceil(call.input.length / 2)
      const size = this.#typingMs > 0 ? this.#characters : half
      this.#delta({
        tool_calls: [
          {
            index,
            id,
            type: 'function',
            function: { name: call.name, arguments: call.input.slice(0, size) },
          },
        ],
      })
      for (let at = size; at < call.input.length && !this.isClosed; at += size) {
        if (this.#typingMs > 0) await this.pause(this.#typingMs)
        this.#delta({ tool_calls: [{ index, function: { arguments: call.input.slice(at, at + size) } }] })
      }
    }
  }

  end(callsTools: boolean): void {
    if (this.isClosed) return
    const reason = this.#finish ?? (callsTools ? 'tool_calls' : 'stop')
    if (this.#call.body.stream === false) {
      this.#endWhole(reason)
      return
    }
    this.#send({ choices: [{ index: 0, delta: {}, finish_reason: reason }] })
    if (this.#call.body.stream_options?.include_usage === true)
      this.#send({ choices: [], usage: this.#usageBody() })
    this.#response.end('data: [DONE]\n\n')
  }

  /** An HTTP error before the first chunk, an error chunk after it. */
  fail(status: number, options: Readonly<Record<string, string>>): void {
    const body = {
      error: {
        message: errorMessages[status] ?? 'The scripted model failed.',
        type: 'scripted',
        code: options['code'] ?? null,
      },
    }
    if (this.#response.headersSent) {
      this.#response.end(`data: ${JSON.stringify(body)}\n\n`)
      return
    }
    const retryAfter = options['retry-after']
    const headers = {
      'content-type': 'application/json',
      ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
    }
    this.#response.writeHead(status, headers).end(JSON.stringify(body))
  }

  /** What was written so far gets a moment to arrive. */
  drop(): void {
    this.#head()
    setTimeout(() => this.#response.destroy(), 20)
  }

  async #pace(): Promise<void> {
    this.#due += this.#delayMs
    const rest = this.#due - performance.now()
    if (rest >= 1) await this.pause(rest)
    else if (this.#response.writableNeedDrain) await new Promise((resolve) => setImmediate(resolve))
  }

  #delta(delta: Readonly<Record<string, unknown>>): void {
    this.#written += 1
    if (typeof delta['content'] === 'string') this.#collected += delta['content']
    if (this.#call.body.stream !== false) this.#send({ choices: [{ index: 0, delta, finish_reason: null }] })
  }

  #send(chunk: Readonly<Record<string, unknown>>): void {
    if (this.isClosed) return
    this.#head()
    const whole = {
      id: this.#id,
      object: 'chat.completion.chunk',
      created: 0,
      model: this.#call.model,
      ...chunk,
    }
    this.#response.write(`data: ${JSON.stringify(whole)}\n\n`)
  }

  #head(): void {
    if (!this.#response.headersSent)
      this.#response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    this.#response.flushHeaders()
  }

  #endWhole(reason: string): void {
    const message = { role: 'assistant', content: this.#collected }
    const body = {
      id: this.#id,
      object: 'chat.completion',
      created: 0,
      model: this.#call.model,
      choices: [{ index: 0, message, finish_reason: reason }],
      usage: this.#usageBody(),
    }
    this.#response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  #usageBody(): Readonly<Record<string, unknown>> {
    const { input, output, reasoning } = this.#usage ?? {
      input: 1000 + 200 * this.#call.body.messages.length,
      output: this.#written,
      reasoning: 0,
    }
    return {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      completion_tokens_details: { reasoning_tokens: reasoning },
    }
  }
}

const errorMessages: Readonly<Record<number, string>> = {
  400: 'The scripted model refused the request.',
  401: 'The scripted model does not accept this API key.',
  403: 'The scripted model does not allow this.',
  404: 'The scripted model does not know this model.',
  413: 'The prompt is too long for the scripted model.',
  429: 'The scripted model is busy. Try again later.',
  500: 'The scripted model failed.',
  503: 'The scripted model is overloaded.',
}
