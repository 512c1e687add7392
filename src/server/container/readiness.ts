import { setTimeout as sleep } from 'node:timers/promises'
import { OpencodeError } from '../../opencode/errors.ts'
import { LaunchError, abortedError } from '../launchError.ts'
import type { ServerExit } from '../launcher.ts'
import type { ContainerHandle } from './containerHandle.ts'
import type { ContainerLog } from './containerLog.ts'
import { probeHealth } from './healthProbe.ts'

export interface ReadinessOptions {
  readonly output: ContainerLog
  /** The folder of the workspace inside. */
  readonly workspace: string
  readonly isReadOnly: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

const pauseMs = 100
/** How long the server's own word is waited for before the port is tried without it. */
const wordMs = 3000

/**
 * Resolves when the server in a container is healthy and can use the workspace.
 * @throws OpencodeError with the reason when the container ends; `timeout`, `mount-failed`, `aborted`
 */
export async function waitUntilReady(handle: ContainerHandle, options: ReadinessOptions): Promise<void> {
  const controller = new AbortController()
  const signal = AbortSignal.any([options.signal, controller.signal])
  try {
    await Promise.race([beHealthy(handle, options, signal), failAtEnd(handle)])
    await checkWorkspace(handle, options)
  } finally {
    controller.abort()
  }
}

/** The error for a container that ended before it was ready. */
export function endedError(exit: ServerExit): OpencodeError {
  const { code, message } = exit.reason ?? {
    code: 'launch-failed' as const,
    message: 'The container was stopped.',
  }
  return new LaunchError(code, message, { detail: exit.tail })
}

async function failAtEnd(handle: ContainerHandle): Promise<never> {
  throw endedError(await handle.exited)
}

async function beHealthy(
  handle: ContainerHandle,
  options: ReadinessOptions,
  signal: AbortSignal,
): Promise<void> {
  const { output, timeoutMs } = options
  const deadline = performance.now() + timeoutMs
  let isListening = false
  void output.listening.then(() => {
    isListening = true
  })
  // The first request to a starting server would only be swallowed.
  await Promise.race([output.listening, pause(wordMs, signal)])
  while (performance.now() < deadline) {
    if (signal.aborted) throw abortedError()
    const answer = await probeHealth(handle.endpoint)
    if (answer === 'healthy') return
    if (answer === 'refused-login') throw otherServer(handle)
    await pause(pauseMs, signal)
  }
  throw lateError(handle, timeoutMs, isListening)
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}

function otherServer(handle: ContainerHandle): OpencodeError {
  return new OpencodeError(
    'port-taken',
    `Another OpenCode server answers at ${handle.endpoint.url}; it does not take our password.`,
  )
}

function lateError(handle: ContainerHandle, timeoutMs: number, isListening: boolean): OpencodeError {
  const seconds = Math.round(timeoutMs / 1000)
  const message = isListening
    ? `The server in the container runs, but nothing answers at ${handle.endpoint.url}. If the container engine runs on another machine, its ports cannot be reached from here.`
    : `The server in the container did not start within ${seconds} s.`
  return new LaunchError('timeout', message, { detail: handle.tail() })
}

async function checkWorkspace(handle: ContainerHandle, options: ReadinessOptions): Promise<void> {
  const tests = options.isReadOnly ? '[ -r . ] && [ -x . ]' : '[ -r . ] && [ -w . ] && [ -x . ]'
  const quoted = `'${options.workspace.replaceAll("'", `'\\''`)}'`
  const result = await handle.engine.exec(handle.id, `cd ${quoted} && ${tests} || { id; exit 1; }`, {
    signal: options.signal,
  })
  if (result.code === 0) return
  const need = options.isReadOnly ? 'read' : 'write'
  throw new LaunchError(
    'mount-failed',
    `The server in the container cannot ${need} the workspace (${options.workspace}). Choose another user for the container, or check who owns the folder.`,
    { detail: `${result.stdout}${result.stderr}`.trim() },
  )
}
