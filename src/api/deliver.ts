import path from 'node:path'
import type * as api from '../../api/index.d.ts'
import { toErrorInfo } from '../opencode/errors.ts'
import { isUndelivered } from '../session/messages.ts'
import type { FileChange, PermissionRequest, Prompt, RunError, Session } from '../session/model.ts'
import type { SessionState } from '../session/state.ts'
import type { SessionStore } from '../sync/sessionHub.ts'
import { deferred } from '../util/async.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import { ApiError } from './apiError.ts'
import type { RunPlace } from './runHost.ts'
import { haltRun } from './haltRun.ts'
import type { Report } from './report.ts'
import { RunProgress, finalText, totals } from './runProgress.ts'
import { whenState } from './whenState.ts'

export interface DeliveryOptions {
  readonly place: RunPlace
  readonly session: Session
  readonly prompt: Prompt
  /** The session was made for this prompt. */
  readonly isNew: boolean
  readonly report: Report
  /** Ends the run, on the server too. */
  readonly stop: AbortSignal
  readonly answer: (request: PermissionRequest) => Promise<void>
  readonly warn: (message: string) => void
}

type Delivered = Omit<api.ExecutionResult, 'executionID' | 'sessionID' | 'messageID' | 'durationMs'>

/** After its last status a run may still send updates; a pause between two of its steps is shorter. */
const endGraceMs = 300

/** Sends a prompt and follows its run to the end. Rejects with an ApiError, also when stopped: then the run has ended, or was given time to. */
export async function deliver(options: DeliveryOptions): Promise<Delivered> {
  const { place, session, prompt, stop, warn } = options
  const disposables = new DisposableStore()
  const store = disposables.add(place.hub.open(session.id, session.directory))
  let isSent = false
  try {
    const before = await whenState(store, (state) => state, { stop, onDidGoDown: place.onDidGoDown })
    if (before.status.kind !== 'idle') {
      throw new ApiError(
        'session-busy',
        'Something runs in this session. Wait for its end, or use another one.',
      )
    }
    const progress = new RunProgress(prompt.id, before)
    options.report.status({ state: 'sending', sessionID: session.id })
    place.hub.send(session.id, prompt, { isVolatile: true })
    isSent = true
    await follow(options, store, progress)
    return await resultOf(options, store, progress)
  } catch (error) {
    const mayRun = isSent && place.outbox.recall(prompt.id) === undefined
    if (stop.aborted && mayRun && place.hub.connection) {
      options.report.status({ state: 'stopping', sessionID: session.id })
      await haltRun({ place, session, store, prompt, warn, patienceMs: patienceOf(stop) })
    }
    if (options.isNew && isEmpty(store.state)) await drop(place, session)
    throw error
  } finally {
    place.outbox.remove(prompt.id)
    disposables.dispose()
  }
}

/** Resolves when the run has ended well. */
async function follow(options: DeliveryOptions, store: SessionStore, progress: RunProgress): Promise<void> {
  const { place, stop } = options
  const end = deferred<undefined>()
  const disposables = new DisposableStore()
  let grace: NodeJS.Timeout | undefined
  const look = (): void => {
    if (store.error?.code === 'not-found') {
      end.reject(new ApiError('session-deleted', 'The session was deleted while the execution ran.'))
    }
    const { state } = store
    if (!state) return
    for (const news of progress.update(state)) tell(options, news)
    clearTimeout(grace)
    const stand = progress.stand(state)
    if (stand.kind === 'undelivered') end.reject(new ApiError('not-delivered', stand.message))
    if (stand.kind === 'over') grace = setTimeout(() => finish(stand.error), endGraceMs)
  }
  const finish = (error: RunError | undefined): void => {
    if (error) end.reject(runFailed(error))
    else end.resolve(undefined)
  }
  const stopped = (): void => end.reject(new ApiError('cancelled', 'The execution was cancelled.'))
  disposables.add(store.onDidChange(look))
  disposables.add(place.onDidGoDown((message) => end.reject(new ApiError('server-unavailable', message))))
  stop.addEventListener('abort', stopped, { once: true })
  if (stop.aborted) stopped()
  look()
  try {
    await end.promise
  } finally {
    clearTimeout(grace)
    stop.removeEventListener('abort', stopped)
    disposables.dispose()
  }
}

function tell(
  { report, answer, warn }: DeliveryOptions,
  news: ReturnType<RunProgress['update']>[number],
): void {
  switch (news.kind) {
    case 'status':
      return report.status(news.status)
    case 'text':
      return report.text(news.text)
    case 'tool':
      return report.tool(news.tool)
    case 'request': {
      const { request } = news
      if (request.kind !== 'permission') return
      answer(request).catch((error: unknown) =>
        warn(`the answer to a permission did not arrive: ${toErrorInfo(error).message}`),
      )
    }
  }
}

function runFailed(error: RunError): ApiError {
  const { kind, name, message, status, retryable } = error
  if (kind === 'aborted') return new ApiError('stopped', 'The run was stopped in OpenCode.')
  const details = {
    name,
    ...(status === undefined ? {} : { status }),
    ...(retryable === undefined ? {} : { isRetryable: retryable }),
  }
  return new ApiError('run-failed', message, { details })
}

async function resultOf(
  { place, session, prompt, warn }: DeliveryOptions,
  store: SessionStore,
  progress: RunProgress,
): Promise<Delivered> {
  const { state } = store
  const answers = state ? progress.answers(state) : []
  const diff = await place.connection.turnDiff(session.id, prompt.id).catch((error: unknown) => {
    warn(`the changes of the run could not be read: ${toErrorInfo(error).message}`)
    return []
  })
  const byTools = answers.flatMap(({ blocks }) =>
    blocks.flatMap((block) =>
      block.type === 'tool' && block.status === 'completed' ? (block.files ?? []) : [],
    ),
  )
  const finish = answers.at(-1)?.finish
  return {
    text: finalText(answers),
    files: changedFiles(session.directory, diff, byTools),
    ...totals(answers),
    ...(finish === undefined ? {} : { finish }),
  }
}

/** Each file once; the whole turn knows better than one of its tools. */
function changedFiles(
  directory: string,
  diff: readonly FileChange[],
  byTools: readonly FileChange[],
): readonly api.ChangedFile[] {
  const files = new Map<string, api.ChangedFile>()
  for (const change of [...byTools, ...diff]) {
    const absolute = path.resolve(directory, change.path)
    files.set(absolute, { ...change, path: absolute })
  }
  return [...files.values()]
}

/** How long the end of a run is waited for; a window that closes has no time. */
function patienceOf({ reason }: AbortSignal): number {
  return reason instanceof ApiError && reason.code === 'window-closing' ? 1_000 : 10_000
}

/** Whether the server has nothing of the session but its name. */
function isEmpty(state: SessionState | undefined): boolean {
  return state === undefined || state.messages.every(isUndelivered)
}

/** A session that was made for a prompt which never arrived would only stand in the user's way. */
async function drop({ connection }: RunPlace, { id }: Session): Promise<void> {
  await connection.deleteSession(id).catch(() => undefined)
}
