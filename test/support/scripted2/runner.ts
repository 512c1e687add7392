import { setTimeout as sleep } from 'node:timers/promises'
import { Config } from './config.ts'
import { callModel, chatMessages, ModelFailure } from './modelCall.ts'
import { deliver } from './admission.ts'
import { StepWriter } from './stepWriter.ts'
import { toolName, tools, ToolFailure } from './tools.ts'
import { Requests } from './requests.ts'
import type { Message, ModelRef, Outcome, ToolContent, WireError } from './wire.ts'
import { newID } from './world.ts'
import type { SessionRecord, World } from './world.ts'
import { commitRevert } from './revert.ts'

interface Run {
  readonly abort: AbortController
  background: AbortController
  readonly ended: Promise<void>
}

const retryBaseMs = 2_000
const maxAttempts = 5

function systemPrompt({ info }: SessionRecord): string {
  const mode = info.agent === 'plan' ? ' Plan mode is active: change nothing.' : ''
  return `You are a coding agent.${mode}`
}

function actionOf(tool: string): string {
  return tool === 'write' ? 'edit' : tool
}

/** Runs sessions: one loop each, from the first waiting prompt until nothing is left to do. */
export class Runner {
  readonly requests: Requests
  readonly #world: World
  readonly #runs = new Map<string, Run>()

  constructor(world: World) {
    this.#world = world
    this.requests = new Requests(world)
  }

  get active(): readonly string[] {
    return [...this.#runs.keys()]
  }

  isRunning(id: string): boolean {
    return this.#runs.has(id)
  }

  /** Resolves when the session is idle. */
  async settled(id: string): Promise<void> {
    for (let run = this.#runs.get(id); run; run = this.#runs.get(id)) await run.ended
  }

  wake(record: SessionRecord): void {
    const { id } = record.info
    if (this.#runs.has(id)) return
    const abort = new AbortController()
    const run = { abort, background: new AbortController(), ended: Promise.resolve() }
    this.#runs.set(id, run)
    Object.assign(run, { ended: this.#execute(record, run).finally(() => undefined) })
  }

  async interrupt(record: SessionRecord): Promise<boolean> {
    const run = this.#runs.get(record.info.id)
    if (!run) return false
    run.abort.abort()
    this.requests.drop(record.info.id)
    for (const child of this.#world.sessions.values())
      if (child.info.parentID === record.info.id) await this.interrupt(child)
    await run.ended
    return true
  }

  sendToBackground(record: SessionRecord): void {
    this.#runs.get(record.info.id)?.background.abort()
  }

  async #execute(record: SessionRecord, run: Run): Promise<void> {
    const world = this.#world
    commitRevert(world, record)
    world.tell(record, 'session.execution.started')
    record.info.time.updated = Date.now()
    let outcome: Outcome = 'succeeded'
    let error: WireError | undefined
    try {
      await this.#loop(record, run)
    } catch (cause) {
      const isAborted = run.abort.signal.aborted || (cause instanceof ToolFailure && cause.isEnd)
      outcome = isAborted ? 'interrupted' : 'failed'
      error = cause instanceof ModelFailure ? cause.error : { type: 'unknown', message: String(cause) }
    }
    const created = world.newTime(record)
    record.messages.push({ id: newID('msg'), type: 'idle', outcome, time: { created } })
    record.info.outcome = outcome
    record.info.time.idle = Date.now()
    record.info.time.updated = Date.now()
    this.#runs.delete(record.info.id)
    const data = outcome === 'failed' ? { error } : outcome === 'interrupted' ? { reason: 'user' } : {}
    world.tell(record, `session.execution.${outcome}`, data)
  }

  async #loop(record: SessionRecord, run: Run): Promise<void> {
    this.#takeQueued(record)
    for (let goesOn = true; goesOn;) {
      const wantsAnswer = await deliver(this.#world, record, this.#compact(record, run))
      if (!wantsAnswer && record.inbox.length === 0) return
      void this.#nameSession(record)
      const finish = await this.#step(record, run)
      const isTurnOver = finish !== 'tool-calls'
      if (isTurnOver) this.#takeQueued(record)
      goesOn = !isTurnOver || record.inbox.some(({ delivery }) => delivery === 'steer')
    }
  }

  /** Between turns, and never within one, the first queued prompt becomes the next one. */
  #takeQueued(record: SessionRecord): void {
    const next = record.inbox.find(({ delivery }) => delivery === 'queue')
    if (next && !record.inbox.some(({ delivery }) => delivery === 'steer')) next.delivery = 'steer'
  }

  async #step(record: SessionRecord, run: Run): Promise<string> {
    const writer = new StepWriter(this.#world, record, this.#modelOf(record))
    run.background = new AbortController()
    try {
      const result = await this.#askModel(record, writer, run)
      await this.#runTools(record, writer, run)
      writer.end(result)
      return result.finish
    } catch (cause) {
      const isAborted = run.abort.signal.aborted
      const error = isAborted
        ? { type: 'aborted', message: 'Aborted.' }
        : cause instanceof ModelFailure
          ? cause.error
          : { type: cause instanceof ToolFailure ? cause.type : 'unknown', message: String(cause) }
      writer.fail(error)
      throw cause
    }
  }

  async #askModel(record: SessionRecord, writer: StepWriter, { abort }: Run) {
    const { provider, ref, apiKey } = this.#providerOf(record)
    for (let attempt = 1; ; attempt++) {
      try {
        return await callModel(
          {
            provider,
            apiKey,
            model: ref.id,
            sessionID: record.info.id,
            messages: chatMessages(record.messages, systemPrompt(record)),
            tools: Object.keys(tools).filter((name) => !this.requests.isForbidden(record, actionOf(name))),
            signal: abort.signal,
          },
          writer,
        )
      } catch (error) {
        if (!(error instanceof ModelFailure) || !error.isRetryable || attempt === maxAttempts) throw error
        const waitMs = error.retryAfterMs ?? retryBaseMs * 2 ** (attempt - 1)
        writer.retry(attempt, Date.now() + waitMs, error.error)
        await sleep(waitMs, undefined, { signal: abort.signal })
      }
    }
  }

  async #runTools(record: SessionRecord, writer: StepWriter, run: Run): Promise<void> {
    const results = await Promise.allSettled(
      writer.calls.map((call) => this.#runTool(record, { writer, call, run })),
    )
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }

  async #runTool(
    record: SessionRecord,
    { writer, call, run }: { readonly writer: StepWriter; readonly call: ToolContent; readonly run: Run },
  ): Promise<void> {
    const input = writer.called(call)
    const { id: messageID } = writer.message
    const tool = tools[toolName(call.name)]
    try {
      if (!tool || !input)
        throw new ToolFailure('tool.unknown', `There is no tool ${call.name}, or its input is broken.`)
      const result = await tool({
        world: this.#world,
        record,
        messageID,
        callID: call.id,
        input,
        signal: run.abort.signal,
        background: run.background.signal,
        progress: (metadata) => writer.progress(call, metadata),
        permit: (asked) =>
          this.requests.permit(record, { ...asked, source: { type: 'tool', messageID, id: call.id } }),
        ask: (fields, title) =>
          this.requests.ask(record, { fields, title, metadata: { tool: { messageID, id: call.id } } }),
        delegate: (task) =>
          this.#delegate(record, task, (childID) =>
            writer.progress(call, { sessionID: childID, status: 'running' }),
          ),
      })
      run.abort.signal.throwIfAborted()
      writer.succeed(call, result)
    } catch (cause) {
      const isAborted = run.abort.signal.aborted
      const failure = cause instanceof ToolFailure ? cause : undefined
      const type = isAborted ? 'aborted' : (failure?.type ?? 'tool.execution')
      writer.failTool(call, { type, message: cause instanceof Error ? cause.message : String(cause) })
      if (isAborted || failure?.isEnd === true) throw cause
    }
  }

  async #delegate(
    parent: SessionRecord,
    task: { readonly title: string; readonly prompt: string; readonly agent: string },
    onStart: (id: string) => void,
  ): Promise<string> {
    const { location, projectID, model } = parent.info
    const child = this.#world.addSession({
      id: newID('ses'),
      parentID: parent.info.id,
      projectID,
      title: task.title,
      agent: task.agent,
      location,
      ...(model ? { model } : {}),
    })
    this.#world.tell(child, 'session.created', { ...child.info })
    onStart(child.info.id)
    child.inbox.push({
      id: newID('msg'),
      sessionID: child.info.id,
      time: { created: Date.now() },
      type: 'user',
      payload: { text: task.prompt },
      delivery: 'steer',
    })
    this.wake(child)
    await this.settled(child.info.id)
    const last = child.messages.findLast(({ type }) => type === 'assistant')
    return (last?.content ?? []).map((item) => (item.type === 'text' ? item.text : '')).join('')
  }

  #compact(record: SessionRecord, run: Run) {
    return async (message: Message): Promise<void> => {
      const world = this.#world
      world.tell(record, 'session.compaction.started', { reason: 'manual', recent: '', inputID: message.id })
      const { provider, ref, apiKey } = this.#providerOf(record)
      let summary = ''
      const messages = chatMessages(record.messages.slice(0, -1), 'You do context summarization.')
      const sink = {
        text: (_kind: string, delta: string) => {
          summary += delta
          world.hintOf(record, 'session.compaction.delta', { text: delta })
        },
        toolStarted: () => undefined,
        toolInput: () => undefined,
      }
      const signal = run.abort.signal
      await callModel({ provider, apiKey, model: ref.id, sessionID: record.info.id, messages, signal }, sink)
      Object.assign(message, { status: 'completed', summary, recent: '' })
      world.tell(record, 'session.compaction.ended', { reason: 'manual', text: summary, recent: '' })
    }
  }

  /** Once, after the first prompt; nobody waits for it. */
  async #nameSession(record: SessionRecord): Promise<void> {
    const first = record.messages.find(({ type }) => type === 'user')
    if (record.info.title !== undefined || !first) return
    record.info.title = ''
    const config = new Config(record.info.location.directory)
    const { provider, apiKey } = this.#providerOf(record)
    const model = (config.smallModel ?? this.#modelOf(record)).id
    let title = ''
    const messages = [
      { role: 'system', content: 'You are a title generator.' },
      { role: 'user', content: first['text'] },
    ]
    const sink = {
      text: (_kind: string, delta: string) => void (title += delta),
      toolStarted: () => undefined,
      toolInput: () => undefined,
    }
    const signal = AbortSignal.timeout(30_000)
    try {
      await callModel({ provider, apiKey, model, sessionID: record.info.id, messages, signal }, sink)
      record.info.title = title
      this.#world.tell(record, 'session.renamed', { title })
    } catch {
      delete record.info.title
    }
  }

  #modelOf(record: SessionRecord): ModelRef {
    const config = new Config(record.info.location.directory)
    const [provider] = config.providers
    const [first] = Object.keys(provider?.models ?? {})
    return record.info.model ?? config.model ?? { providerID: provider?.id ?? '', id: first ?? '' }
  }

  #providerOf(record: SessionRecord) {
    const ref = this.#modelOf(record)
    const provider = new Config(record.info.location.directory).providers.find(
      ({ id }) => id === ref.providerID,
    )
    if (!provider) {
      const message = `The provider ${ref.providerID} is not known.`
      throw new ModelFailure({ type: 'provider.no-route', message }, false)
    }
    const stored = this.#world.credentials.find(({ integrationID }) => integrationID === provider.id)
    return { provider, ref, apiKey: stored?.key ?? provider.apiKey }
  }
}
