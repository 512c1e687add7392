import { spawn } from 'node:child_process'
import { repositoryRoot } from './repository.ts'

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** `inherit` shows the output (the default), `quiet` keeps it for the error. */
  readonly output?: 'inherit' | 'quiet'
  /** Milliseconds after which the command is killed. */
  readonly timeout?: number
}

/** Runs a program to its end. @throws with its last output when it fails. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, output } = await runForCode(program, args, options)
  if (code !== 0)
    throw new Error(
      `${program} ${args.slice(0, 3).join(' ')} ended with ${String(code)}.\n${output.slice(-4000)}`,
    )
  return output
}

/** Like `run`, but hands back the exit code (`null` when it was killed). */
export function runForCode(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const isQuiet = options.output === 'quiet'
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? repositoryRoot,
      env: { ...process.env, ...options.env },
      stdio: isQuiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
      // npm is a script on Windows.
      shell: process.platform === 'win32' && program === 'npm',
    })
    let output = ''
    const collect = (chunk: Buffer) => (output += chunk.toString())
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code, output })
    })
  })
}
