import { spawn } from 'node:child_process'
import { repositoryRoot } from './repository.ts'

/** Where output goes: to the terminal, into the error, or to who asks for it. */
export type Output = 'inherit' | 'quiet' | ((text: string) => void)

/** A line of our own, where the output of programs goes. */
export function tell(output: Output, line: string): void {
  if (typeof output === 'function') output(`${line}\n`)
  else if (output === 'inherit') console.log(line)
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** `inherit` unless told. */
  readonly output?: Output
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
  const { output: target = 'inherit' } = options
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? repositoryRoot,
      env: { ...process.env, ...options.env },
      stdio: target === 'inherit' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
      // npm is a script on Windows.
      shell: process.platform === 'win32' && program === 'npm',
    })
    let output = ''
    const collect = (chunk: Buffer) => {
      output += chunk.toString()
      if (typeof target === 'function') target(chunk.toString())
    }
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code, output })
    })
  })
}
