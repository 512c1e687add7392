import type { ErrorInfo } from '../../opencode/errors.ts'
import type { ContainerState } from './engineAnswers.ts'
import { recognizeFailure } from './engineFailure.ts'

const killed = 137
const terminated = [129, 130, 143]
/** What the start script of the image exits with; its last line says why. */
const startScript = [73, 75, 78]

/**
 * Says why a container ended that nobody here had stopped. `state` is undefined when it does not exist any
 * more; `tail` is what it printed last, without secrets.
 */
export function describeEnd(state: ContainerState | undefined, tail: string): ErrorInfo {
  const detail = tail === '' ? {} : { detail: tail }
  if (!state) return { code: 'server-killed', message: 'The container was removed from outside.', ...detail }
  if (state.isOutOfMemory || /opencode-start: .*ran out of memory/.test(tail))
    return { ...outOfMemory(state), ...detail }
  if (
    /no space left on device|ENOSPC|disk quota exceeded|database or disk is full|opencode-start: The disk/i.test(
      tail,
    )
  ) {
    return {
      code: 'disk-full',
      message: recognizeFailure('no space left on device')?.sentence ?? '',
      ...detail,
    }
  }
  if (/ServeError|EADDRINUSE|port .{0,20}in use/i.test(tail)) {
    return {
      code: 'port-taken',
      message: recognizeFailure('address already in use')?.sentence ?? '',
      ...detail,
    }
  }
  return { ...byExitCode(state, tail), ...detail }
}

function byExitCode(state: ContainerState, tail: string): ErrorInfo {
  const { exitCode } = state
  if (exitCode === killed) return state.memoryLimit > 0 ? maybeOutOfMemory(state) : wasKilled
  if (terminated.includes(exitCode)) {
    return { code: 'server-killed', message: 'The container was stopped from outside.' }
  }
  const said = startScript.includes(exitCode) ? /opencode-start: (.*)/.exec(tail)?.[1] : undefined
  const message = said ?? `The server in the container ended (exit code ${exitCode}).`
  return { code: 'launch-failed', message }
}

const wasKilled: ErrorInfo = {
  code: 'server-killed',
  message: 'The server in the container was killed, by somebody or by the system.',
}

function outOfMemory(state: ContainerState): ErrorInfo {
  const limit = state.memoryLimit > 0 ? ` Its limit is ${megabytes(state.memoryLimit)}; raise it.` : ''
  return { code: 'out-of-memory', message: `The container ran out of memory.${limit}` }
}

/** Not every system tells an engine what the kernel did to one process of a container. */
function maybeOutOfMemory(state: ContainerState): ErrorInfo {
  const limit = megabytes(state.memoryLimit)
  return {
    code: 'server-killed',
    message: `The server in the container was killed, maybe because it reached its memory limit of ${limit}.`,
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`
}
