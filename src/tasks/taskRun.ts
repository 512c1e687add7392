import { setTimeout as sleep } from 'node:timers/promises'
import { OpencodeError } from '../opencode/errors.ts'
import type { MessageID, SessionID } from '../opencode/ids.ts'
import { newBlockID, newMessageID } from '../opencode/newIds.ts'
import { isAhead, isUndelivered } from '../session/messages.ts'
import type { AssistantMessage, PermissionReply, PermissionRequest } from '../session/model.ts'
import { turnsOf } from '../session/selectors.ts'
import type { SessionState } from '../session/state.ts'
import type { SessionStore } from '../sync/sessionHub.ts'
import { deferred } from '../util/async.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { TaskBackend } from './taskHost.ts'

export interface RunOptions {
  /** Goes on with this session; undefined: a new one. */
  readonly sessionID?: SessionID
  readonly title?: string
  /** Aborts the run. */
  readonly signal?: AbortSignal
  /** The text of the answer so far, each time it grows. */
  readonly onText?: (text: string) => void
  /** Answers a permission; without an answer it waits for the user. */
  readonly onPermission?: (request: PermissionRequest) => PermissionReply | undefined
}

export interface RunResult {
  readonly sessionID: SessionID
  /** The text of the last answer. */
  readonly text: string
}

interface Run {
  readonly backend: TaskBackend
  readonly directory: string
  readonly prompt: string
  readonly options: RunOptions
}

/**
 * Sends one prompt and follows its run to the end.
 * @throws OpencodeError `aborted`, `server-error` when the run failed, `not-running` when the server went down
 */
export async function runPrompt({ backend, directory, prompt, options }: Run): Promise<RunResult> {
  const connection = await backend.server.start()
  const { title } = options
  const sessionID =
    options.sessionID ?? (await connection.createSession(directory, title === undefined ? {} : { title })).id
  if (options.signal?.aborted) throw cancelled()
  const disposables = new DisposableStore()
  try {
    const store = disposables.add(backend.hub.open(sessionID, directory))
    const now = Date.now()
    const id = newMessageID(now)
    const ended = follow({ store, id, backend, options, disposables })
    const text = { type: 'text', id: newBlockID(now), text: prompt } as const
    backend.hub.send(sessionID, { id, created: now, parts: [text] })
    return { sessionID, text: await ended }
  } finally {
    disposables.dispose()
  }
}

interface Following {
  readonly store: SessionStore
  readonly id: MessageID
  readonly backend: TaskBackend
  readonly options: RunOptions
  readonly disposables: DisposableStore
}

/** Resolves with the text of the last answer when the run is over. */
function follow({ store, id, backend, options, disposables }: Following): Promise<string> {
  const outcome = deferred<string>()
  const asked = new Set<string>()
  let wasBusy = false
  let shown = ''
  const look = (): void => {
    if (options.signal?.aborted) return
    const { state, error } = store
    if (error) return outcome.reject(new OpencodeError(error.code, error.message))
    if (!state) return
    answerRequests(state, asked, { backend, options })
    const text = textOf(answersTo(state, id))
    if (text !== shown) options.onText?.((shown = text))
    wasBusy ||= state.status.kind !== 'idle'
    const end = endOf(state, id, wasBusy)
    if (end instanceof OpencodeError) outcome.reject(end)
    else if (end) outcome.resolve(text)
  }
  const abort = (): void => {
    void halt(backend, store, id).then(() => outcome.reject(cancelled()))
  }
  options.signal?.addEventListener('abort', abort, { once: true })
  disposables.add({ dispose: () => options.signal?.removeEventListener('abort', abort) })
  disposables.add(store.onDidChange(look))
  disposables.add(
    backend.server.onDidChangeStatus(({ kind }) => {
      if (kind !== 'stopped' && kind !== 'failed') return
      outcome.reject(
        new OpencodeError(
          'not-running',
          'The server of the isolated session ended before its work was done.',
        ),
      )
    }),
  )
  return outcome.promise
}

function cancelled(): OpencodeError {
  return new OpencodeError('aborted', 'Cancelled.')
}

const haltMs = 15_000
const quietMs = 700
const pauseMs = 200

/**
 * Ends the run of a prompt that the server may be about to begin: an abort before that ends nothing, so it is
 * repeated until the session stays idle. Never rejects, and gives up after some seconds.
 */
async function halt({ server, outbox }: TaskBackend, store: SessionStore, id: MessageID): Promise<void> {
  // What was not sent yet never will be; what was sent must not be sent again behind our back.
  if (outbox.recall(id)) return
  outbox.remove(id)
  const start = performance.now()
  let busyAt = start
  for (let now = start; now < start + haltMs; now = performance.now()) {
    const { connection } = server
    const { state } = store
    if (!connection) return
    if (state && state.status.kind !== 'idle') {
      busyAt = now
      await connection.abort(state.session.id).catch(() => undefined)
    }
    const isSeen = state?.messages.some((message) => message.id === id && !isUndelivered(message))
    if (isSeen === true && now - busyAt > quietMs) return
    await sleep(pauseMs)
  }
}

/** Whether the run of a prompt is over; an error when it failed. */
function endOf(state: SessionState, id: MessageID, wasBusy: boolean): OpencodeError | boolean {
  const prompt = state.messages.find((message) => message.id === id)
  if (prompt?.role !== 'user') return false
  if (prompt.delivery?.kind === 'failed') return new OpencodeError('server-error', prompt.delivery.message)
  if (isAhead(prompt) || state.status.kind !== 'idle') return false
  return endOfAnswers(state, answersTo(state, id).at(-1), wasBusy)
}

function endOfAnswers(
  state: SessionState,
  last: AssistantMessage | undefined,
  wasBusy: boolean,
): OpencodeError | boolean {
  const error = last?.error ?? state.error
  if (error && (last !== undefined || wasBusy)) return new OpencodeError('server-error', error.message)
  return last?.completed !== undefined
}

function answersTo(state: SessionState, id: MessageID): readonly AssistantMessage[] {
  return turnsOf(state).find(({ prompt }) => prompt?.id === id)?.answers ?? []
}

function textOf(answers: readonly AssistantMessage[]): string {
  const texts = answers.map(({ blocks }) =>
    blocks
      .flatMap((block) => (block.type === 'text' && block.synthetic !== true ? [block.text] : []))
      .join('\n'),
  )
  return texts.findLast((text) => text !== '') ?? ''
}

function answerRequests(
  state: SessionState,
  asked: Set<string>,
  { backend, options }: Pick<Following, 'backend' | 'options'>,
): void {
  for (const request of state.requests) {
    if (request.kind !== 'permission' || asked.has(request.id)) continue
    asked.add(request.id)
    const reply = options.onPermission?.(request)
    if (reply)
      void backend.server.connection?.replyPermission(request, reply).catch(() => asked.delete(request.id))
  }
}
