import { basename, isAbsolute } from 'node:path'
import { foreignEnvironment } from '../environment.ts'
import { runProgram } from '../process/runProgram.ts'

const defaultTimeoutMs = 3000
const marker = '__OPENCODE_SESSIONS_PATH__'

/**
 * PATH as the user's login shell has it, with what version managers add there; undefined when the shell
 * does not tell in time. Start files may print and do anything, so only what stands between two markers
 * counts, there is no input, and the shell with all it started is killed at the timeout.
 */
export async function readLoginPath(
  env: NodeJS.ProcessEnv,
  timeoutMs = defaultTimeoutMs,
): Promise<string | undefined> {
  const shell = env['SHELL']
  if (shell === undefined || !isAbsolute(shell)) return undefined
  const args = shellArguments(shell)
  if (!args) return undefined
  const result = await runProgram(shell, args, {
    // VS Code sets this name when it does the same, so that start files can skip what is slow.
    env: { ...foreignEnvironment(env), VSCODE_RESOLVING_ENVIRONMENT: '1', TERM: 'dumb' },
    timeoutMs,
    isDetached: true,
  })
  return parseLoginPath(result.stdout)
}

/** Finds PATH in the output of `env` between two marker lines. */
export function parseLoginPath(output: string): string | undefined {
  const [, between] = output.split(marker)
  const path = /^PATH=(.*)$/m.exec(between ?? '')?.[1]?.trim()
  return path === undefined || path === '' ? undefined : path
}

/** `env` is the same in all shells, where asking for `$PATH` is not (fish, csh, nushell). */
function shellArguments(shell: string): readonly string[] | undefined {
  const script = `echo ${marker}; /usr/bin/env; echo ${marker}`
  switch (basename(shell)) {
    case 'bash':
    case 'zsh':
    case 'fish':
    case 'sh':
    case 'dash':
    case 'ksh':
    case 'nu':
      return ['-l', '-i', '-c', script]
    case 'csh':
    case 'tcsh':
      return ['-i', '-c', script]
    case 'pwsh':
      return ['-Login', '-Command', script]
    default:
      return undefined
  }
}
