import type { ModelResult, ModelSink } from './modelCall.ts'
import type { ToolResult } from './tools.ts'
import { toolName } from './tools.ts'
import type { Content, Data, Message, ModelRef, TextContent, ToolContent, WireError } from './wire.ts'
import { isData } from './wire.ts'
import { isRepository, newID } from './world.ts'
import type { SessionRecord, World } from './world.ts'

/** Writes one step of a run: its message in the history, and the events that tell of it. */
export class StepWriter implements ModelSink {
  readonly message: Message & { readonly content: Content[] }
  readonly #world: World
  readonly #record: SessionRecord
  readonly #ordinals = { text: 0, reasoning: 0 }
  readonly #inputs = new Map<string, string>()
  #open: { readonly content: TextContent; readonly ordinal: number; text: string } | undefined

  constructor(world: World, record: SessionRecord, model: ModelRef) {
    this.#world = world
    this.#record = record
    const created = world.newTime(record)
    const agent = record.info.agent ?? 'build'
    this.message = { id: newID('msg'), type: 'assistant', agent, model, content: [], time: { created } }
    record.messages.push(this.message)
    this.#tell('session.step.started', { agent, model, started: created })
  }

  get calls(): readonly ToolContent[] {
    return this.message.content.filter((item) => item.type === 'tool')
  }

  text(kind: 'text' | 'reasoning', delta: string): void {
    if (this.#open?.content.type !== kind) {
      this.#close()
      this.#begin(kind)
    }
    if (!this.#open) return
    this.#open.text += delta
    const { ordinal } = this.#open
    this.#hint(`session.${kind}.delta`, { ordinal, delta })
  }

  toolStarted(id: string, name: string): void {
    this.#close()
    const created = Date.now()
    const state = { status: 'streaming', input: '' }
    this.message.content.push({ type: 'tool', id, name: toolName(name), state, time: { created } })
    this.#inputs.set(id, '')
    this.#tell('session.tool.input.started', { id, name: toolName(name) })
  }

  toolInput(id: string, delta: string): void {
    this.#inputs.set(id, (this.#inputs.get(id) ?? '') + delta)
    this.#hint('session.tool.input.delta', { id, delta })
  }

  /** The provider's answer is whole; gives the input of a call, undefined when it is no JSON object. */
  called(call: ToolContent): Data | undefined {
    this.#close()
    const text = this.#inputs.get(call.id) ?? ''
    this.#tell('session.tool.input.ended', { id: call.id, text })
    const input = parse(text)
    call.state = { status: 'running', input: input ?? {}, metadata: {} }
    call.time.ran = Date.now()
    this.#tell('session.tool.called', { id: call.id, input: input ?? {}, executed: false })
    return input
  }

  progress(call: ToolContent, metadata: Data): void {
    call.state = { ...call.state, metadata }
    this.#hint('session.tool.progress', { id: call.id, metadata })
  }

  succeed(call: ToolContent, { text, files = [], metadata }: ToolResult): void {
    const known = isData(call.state['metadata']) ? call.state['metadata'] : {}
    const kept = typeof known['sessionID'] === 'string' ? { ...known, status: 'completed' } : {}
    const all = { ...kept, ...metadata }
    const content = [{ type: 'text', text }, ...files]
    call.state = { status: 'completed', input: call.state['input'], content, metadata: all }
    call.time.completed = Date.now()
    this.#tell('session.tool.success', { id: call.id, content, metadata: all, executed: false })
  }

  failTool(call: ToolContent, error: WireError): void {
    const { input, metadata } = call.state
    call.state = { status: 'error', input, error, metadata }
    call.time.completed = Date.now()
    this.#tell('session.tool.failed', { id: call.id, error, ...(isData(metadata) ? { metadata } : {}) })
  }

  /** What the failed attempt began is void. */
  retry(attempt: number, at: number, error: WireError): void {
    this.#open = undefined
    this.message.content.length = 0
    this.message['retry'] = { attempt, at, error }
    this.#tell('session.retry.scheduled', { attempt, at, error })
  }

  end({ finish, tokens }: ModelResult): void {
    this.#close()
    this.message.time.streamed ??= Date.now()
    this.#tell('session.step.streamed', {})
    const files = this.#files()
    this.#complete({ finish, rawFinish: finish, tokens, cost: 0 })
    this.#tell('session.step.ended', { finish, tokens, cost: 0, files })
    const { info } = this.#record
    info.tokens = tokens
    this.#world.hintOf(this.#record, 'session.usage.updated', { cost: info.cost, tokens })
  }

  fail(error: WireError): void {
    this.#close()
    this.#complete({ error })
    this.#tell('session.step.failed', { error })
  }

  #complete(more: Data): void {
    delete this.message['retry']
    Object.assign(this.message, more, { snapshot: { files: this.#files() } })
    this.message.time.completed = Date.now()
  }

  /** Without a repository nothing is kept to go back to. */
  #files(): readonly string[] {
    if (!isRepository(this.#record.info.location.directory)) return []
    const own = this.#record.steps.filter(({ messageID }) => messageID === this.message.id)
    return [...new Set(own.map(({ file }) => file))]
  }

  #begin(kind: 'text' | 'reasoning'): void {
    const ordinal = this.#ordinals[kind]++
    const content: TextContent =
      kind === 'text' ? { type: kind, text: '' } : { type: kind, text: '', time: { created: Date.now() } }
    this.message.content.push(content)
    this.#open = { content, ordinal, text: '' }
    this.#tell(`session.${kind}.started`, { ordinal })
  }

  #close(): void {
    if (!this.#open) return
    const { content, ordinal, text } = this.#open
    content.text = text
    if (content.time) content.time.completed = Date.now()
    this.#open = undefined
    this.#tell(`session.${content.type}.ended`, { ordinal, text })
  }

  #tell(type: string, data: Data): void {
    this.#world.tell(this.#record, type, { assistantMessageID: this.message.id, ...data })
  }

  #hint(type: string, data: Data): void {
    this.#world.hintOf(this.#record, type, { assistantMessageID: this.message.id, ...data })
  }
}

function parse(text: string): Data | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isData(value) ? value : undefined
  } catch {
    return undefined
  }
}
