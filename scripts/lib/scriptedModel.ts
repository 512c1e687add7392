import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { demoSteps } from './demoAnswer.ts'
import { parseScript, stepAfter, withoutDirectives, type Step } from './modelScript.ts'
import type { ChatBody, ChatMessage, ModelRequest } from './modelRequest.ts'
import { playStep } from './modelStream.ts'

export interface ScriptedModel {
  /** Base URL for an OpenAI-compatible provider: `http://127.0.0.1:P/v1`. */
  readonly url: string
  readonly requests: readonly ModelRequest[]
  /** Ends open answers too. */
  close(): Promise<void>
}

/**
 * Starts a model that follows the directives in the last prompt; see `modelScript.ts`. It speaks the
 * streaming chat completions of the OpenAI API on loopback. Prompts without directives get a demo answer.
 *
 * `GET …/v1/requests` tells tests that run elsewhere what it was asked.
 *
 * - `[[text:…]]`, `[[reason:…]]` stream text and reasoning (`\n` breaks the line)
 * - `[[lorem:N]]` N tokens of markdown; `[[stamps:N]]` N chunks `⟦epoch ms⟧` for latency measurements
 * - `[[delay:MS]]` (fractions allowed), `[[chunk:N]]` set pace and size of the chunks that follow
 * - `[[wait:MS]]` pauses; `[[hang]]` never goes on
 * - `[[tool:NAME {json}]]` calls a tool and ends the step; `[[and]]` joins two of them in one step
 * - `[[error:STATUS retry-after=S times=N]]` fails (always, or N times); `[[drop:times=N]]` cuts the
 *   connection (once unless told)
 * - `[[usage:IN,OUT,REASONING]]`, `[[finish:length]]` set the end of the step
 */
export async function startScriptedModel(options: { port?: number } = {}): Promise<ScriptedModel> {
  const requests: ModelRequest[] = []
  const failures = new Map<string, number>()
  const server = createServer((request, response) => {
    answer(request, response, { requests, failures }).catch(() => response.destroy())
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The scripted model has no port.')
  return {
    url: `http://127.0.0.1:${String(address.port)}/v1`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

interface Memory {
  readonly requests: ModelRequest[]
  /** How often a failure with a limit was already shown, by place in the conversation. */
  readonly failures: Map<string, number>
}

async function answer(request: IncomingMessage, response: ServerResponse, memory: Memory): Promise<void> {
  if (request.url?.endsWith('/models')) {
    sendJson(response, { object: 'list', data: [{ id: 'mock', object: 'model' }] })
    return
  }
  if (request.method === 'GET' && request.url?.endsWith('/requests')) {
    sendJson(
      response,
      memory.requests.map(({ kind, prompt }) => ({ kind, prompt })),
    )
    return
  }
  if (request.method !== 'POST' || !request.url?.endsWith('/chat/completions')) {
    response.writeHead(404).end()
    return
  }
  const call = describe(await readBody(request), request)
  memory.requests.push(call)
  await playStep(chooseStep(call), { call, response, failures: memory.failures })
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

async function readBody(request: IncomingMessage): Promise<ChatBody> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as ChatBody
}

function describe(body: ChatBody, request: IncomingMessage): ModelRequest {
  const lastUser = body.messages.findLastIndex((message) => message.role === 'user')
  const system = body.messages
    .filter((message) => message.role === 'system')
    .map(textOf)
    .join('\n')
  return {
    kind: kindOf(system),
    sessionID: header(request, 'x-session-id') ?? header(request, 'x-session-affinity'),
    model: body.model ?? '',
    prompt: textOf(body.messages[lastUser]),
    toolResults: body.messages.slice(lastUser + 1).filter((message) => message.role === 'tool').length,
    authorization: request.headers.authorization,
    body,
  }
}

function kindOf(system: string): ModelRequest['kind'] {
  if (system.includes('You are a title generator')) return 'title'
  return system.includes('context summarization') ? 'compaction' : 'chat'
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function textOf(message: ChatMessage | undefined): string {
  const content = message?.content
  if (content === undefined || content === null) return ''
  if (typeof content === 'string') return content
  return content.map((part) => part.text ?? '').join('\n')
}

function chooseStep(call: ModelRequest): Step {
  if (call.kind === 'title') return say(titleFor(call.prompt))
  if (call.kind === 'compaction') return say(summary)
  const steps = parseScript(call.prompt) ?? demoSteps(call)
  return stepAfter(steps, call.toolResults) ?? say('Done.')
}

function say(text: string): Step {
  return { actions: [{ type: 'text', text }], tools: [] }
}

const summary = [
  '## Goal',
  'Go on with what the user asked for.',
  '## Progress',
  'The conversation so far was summarized by the scripted model.',
].join('\n')

/** A few words of the prompt; of the answer it asks for when it holds directives alone. */
function titleFor(prompt: string): string {
  const spoken = withoutDirectives(prompt) || (/\[\[text:([^\]]*)/.exec(prompt)?.[1] ?? '')
  const lines = spoken
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('Generate a title'))
  const words = (lines[0] ?? '')
    .replaceAll(/[^\p{L}\p{N} '.-]/gu, '')
    .split(' ')
    .filter(Boolean)
  return words.length === 0 ? 'Scripted conversation' : words.slice(0, 6).join(' ')
}
