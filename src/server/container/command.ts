import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { OpencodeError } from '../../opencode/errors.ts'
import { LaunchError, abortedError } from '../launchError.ts'
import { readLines } from '../process/lineReader.ts'
import { stripColors } from '../process/outputTail.ts'

export interface CommandOptions {
  readonly env: Readonly<Record<string, string>>
  /** The command is ended and `timeout` thrown when it takes longer; undefined: as long as it likes. */
  readonly timeoutMs: number | undefined
  readonly signal?: AbortSignal
  /** Written to the standard input; the way for secrets, which never stand in an argument. */
  readonly input?: string
  /** Each line of both outputs as it comes, without terminal colours. */
  readonly onLine?: (line: string) => void
}

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const outputLimit = 4 * 1024 * 1024
const killAfterMs = 2000

/**
 * Runs one command of a container engine, without a shell, and waits for its end; any exit code is fine.
 * @throws OpencodeError `engine-not-found` (no such program), `timeout`, `aborted`
 */
export function runCommand(
  path: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { signal, timeoutMs } = options
  if (signal?.aborted) return Promise.reject(abortedError())
  return new Promise((resolve, reject) => {
    const child = spawn(path, [...args], {
      env: options.env,
      // Helpers of the engine leave files in the folder that they were started in.
      cwd: tmpdir(),
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
    })
    const output = { stdout: '', stderr: '' }
    let cause: OpencodeError | undefined
    let killTimer: NodeJS.Timeout | undefined
    const end = (reason: OpencodeError): void => {
      cause ??= reason
      child.kill('SIGTERM')
      killTimer ??= setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    }
    const abort = (): void => end(abortedError())
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => end(lateError(args, timeoutMs)), timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    const settle = (code: number | null, error?: OpencodeError): void => {
      clearTimeout(timer)
      clearTimeout(killTimer)
      signal?.removeEventListener('abort', abort)
      const failure = cause ?? error
      if (failure) reject(failure)
      else resolve({ code, ...output })
    }
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = child[name]
      if (!stream) continue
      readLines(stream, (line) => {
        if (output[name].length < outputLimit) output[name] += `${line}\n`
        options.onLine?.(stripColors(line))
      })
    }
    // A command that fails at once closes its input before we have written; its exit code tells more.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(options.input)
    child.on('error', (error: NodeJS.ErrnoException) => settle(null, spawnError(path, error)))
    child.on('close', (code) => settle(code))
  })
}

function lateError(args: readonly string[], timeoutMs: number): OpencodeError {
  return new OpencodeError(
    'timeout',
    `The container engine did not finish "${args[0] ?? ''}" within ${Math.round(timeoutMs / 100) / 10} s.`,
  )
}

function spawnError(path: string, error: NodeJS.ErrnoException): OpencodeError {
  return new LaunchError('engine-not-found', `${path} could not be run (${error.code ?? 'unknown error'}).`, {
    detail: error.message,
    cause: error,
  })
}
