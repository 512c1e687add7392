import { join } from 'node:path'
import * as vscode from 'vscode'
import type * as api from '../../api/index.d.ts'
import { OpencodeError, isAbort } from '../opencode/errors.ts'
import type { ChangedFile } from '../server/isolation/changedFiles.ts'
import type { Task } from '../tasks/task.ts'
import type { Services } from '../views/services.ts'
import { ApiError, toApiError } from './apiError.ts'
import { checkFolder, checkSignal, isRecord } from './checkRequest.ts'
import { checkTrust } from './consents.ts'
import type { Consents } from './consents.ts'
import { windowFolder } from './folders.ts'

export interface TaskParts {
  readonly services: Services
  readonly consents: Consents
  readonly caller: string
  readonly execute: api.OpencodeSessionsApi['execute']
}

/** Isolated sessions for one caller; the same that the user sees under "Isolated Sessions". */
export function createTasks(parts: TaskParts): api.Tasks {
  const { services } = parts
  const { tasks } = services.isolation
  const guarded = guard(parts)
  const wrap = (task: Task): api.IsolatedTask => createTask(parts, task)
  return {
    create: (options = {}) =>
      guarded(async () => {
        const { kind, base, name, signal } = checkOptions(options)
        const folder = windowFolder(services, checkFolder(options.folder))
        return wrap(
          await tasks.create({
            folder,
            kind,
            base,
            ...(name === undefined ? {} : { name }),
            ...(signal ? { signal } : {}),
          }),
        )
      }),
    list: () => guarded(() => Promise.resolve(tasks.all.map(wrap))),
    get: (id) =>
      guarded(() => {
        const task = tasks.get(id)
        return task ? Promise.resolve(wrap(task)) : Promise.reject(unknownTask())
      }),
  }
}

function createTask(parts: TaskParts, task: Task): api.IsolatedTask {
  const guarded = guard(parts)
  return Object.freeze<api.IsolatedTask>({
    id: task.id,
    branch: task.branch,
    folder: task.directory,
    get state() {
      return task.state
    },
    start: (signal) =>
      guarded(async () => {
        await task.start(checkSignal(signal))
      }),
    run: (request, callbacks) => {
      if (task.state === 'deleted') throw unknownTask()
      return parts.execute({ ...request, folder: task.directory }, callbacks)
    },
    changes: () => guarded(async () => (await task.changes()).files.flatMap((file) => toChanges(task, file))),
    finish: (how) => guarded(() => finish(task, how)),
    stop: () => guarded(() => task.stop()),
    delete: () => guarded(() => task.delete()),
  })
}

/** A renamed file is told as the two that it is. */
function toChanges(task: Task, file: ChangedFile): readonly api.ChangedFile[] {
  const { path, from, status, additions, deletions } = file
  const change = {
    path: task.fileOf(path),
    status: status === 'renamed' ? 'added' : status,
    additions,
    deletions,
  } as const
  if (from === undefined) return [change]
  return [{ path: task.fileOf(from), status: 'deleted', additions: 0, deletions: 0 }, change]
}

type Guard = <T>(work: () => Promise<T>) => Promise<T>

/** Runs what the user has agreed to; whatever fails is an ApiError. */
function guard({ consents, caller }: TaskParts): Guard {
  return async (work) => {
    try {
      checkTrust()
      await consents.check(caller)
      return await work()
    } catch (error) {
      throw taskError(error)
    }
  }
}

async function finish(task: Task, how: api.TaskFinish): Promise<api.TaskFinished> {
  const { as, message, branch } = how as Partial<Record<'as' | 'message' | 'branch', unknown>>
  if (as === 'branch') {
    const done = await task.finish({
      as,
      message: typeof message === 'string' ? message : '',
      ...(typeof branch === 'string' ? { branch } : {}),
    })
    return done.as === 'branch' ? { as, branch: done.branch, commit: done.commit } : { as: 'discard' }
  }
  if (as === 'discard') {
    await task.finish({ as })
    return { as }
  }
  if (as !== 'patch') {
    throw new ApiError('invalid-request', '"as" must be "branch", "patch" or "discard".')
  }
  return applyPatch(task)
}

/** What the user has not saved would be lost to them or to us; so it is refused. */
async function applyPatch(task: Task): Promise<api.TaskFinished> {
  const plan = await task.planPatch()
  try {
    const paths = plan.files.map((file) => join(task.record.root, ...file.split('/')))
    const unsaved = vscode.workspace.textDocuments.find(
      ({ isDirty, uri }) => isDirty && paths.includes(uri.fsPath),
    )
    if (unsaved) throw new ApiError('conflict', `${unsaved.uri.fsPath} has unsaved changes.`)
    await plan.apply()
    return { as: 'patch', files: paths }
  } finally {
    await plan.dispose()
  }
}

function checkOptions(options: unknown) {
  const { isolation = 'container', base = 'commit', name, signal } = isRecord(options) ? options : {}
  if (isolation !== 'container' && isolation !== 'worktree') {
    throw new ApiError('invalid-request', '"isolation" must be "container" or "worktree".')
  }
  if (base !== 'commit' && base !== 'changes') {
    throw new ApiError('invalid-request', '"base" must be "commit" or "changes".')
  }
  if (name !== undefined && typeof name !== 'string') {
    throw new ApiError('invalid-request', '"name" must be a text.')
  }
  return {
    kind: isolation,
    base: base === 'commit' ? ('head' as const) : ('changes-and-new' as const),
    name,
    signal: checkSignal(signal),
  } as const
}

const codes: Partial<Record<string, api.ApiErrorCode>> = {
  'limit-reached': 'task-limit',
  conflict: 'conflict',
  'no-repository': 'no-repository',
  unsupported: 'no-repository',
  'git-not-found': 'no-repository',
  'not-found': 'nothing-changed',
}

function taskError(error: unknown): ApiError {
  if (isAbort(error)) return new ApiError('cancelled', 'The task was called off.', { cause: error })
  const code = error instanceof OpencodeError ? codes[error.code] : undefined
  return code === undefined || !(error instanceof OpencodeError)
    ? toApiError(error)
    : new ApiError(code, error.message, { cause: error })
}

function unknownTask(): ApiError {
  return new ApiError('unknown-task', 'There is no such isolated session in this window (any more).')
}
