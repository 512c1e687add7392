import { spawn } from 'node:child_process'
import { readLines } from './lineReader.ts'

export interface RunOptions {
  readonly env: NodeJS.ProcessEnv
  readonly timeoutMs: number
  readonly cwd?: string
  /** In a session of its own (POSIX), so that an interactive shell cannot reach our terminal. */
  readonly isDetached?: boolean
}

/** How a short helper program ended. `code` is null when it was ended by us or did not start. */
export interface RunResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly isTimeout: boolean
  /** Why the program could not be started, e.g. `ENOENT`. */
  readonly spawnError?: string
}

const outputLimit = 1024 * 1024

/** Runs a program without a shell and without input; never rejects, never takes longer than its timeout. */
export function runProgram(path: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve) => {
    const output = { stdout: '', stderr: '' }
    const settle = (result: Pick<RunResult, 'code' | 'isTimeout' | 'spawnError'>): void => {
      clearTimeout(timer)
      resolve({ ...output, ...result })
    }
    const isDetached = options.isDetached === true && process.platform !== 'win32'
    const child = spawn(path, [...args], {
      env: options.env,
      cwd: options.cwd,
      detached: isDetached,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    const timer = setTimeout(() => {
      kill(child.pid, isDetached)
      child.stdout.destroy()
      child.stderr.destroy()
      settle({ code: null, isTimeout: true })
    }, options.timeoutMs)
    for (const name of ['stdout', 'stderr'] as const) {
      readLines(child[name], (line) => {
        if (output[name].length < outputLimit) output[name] += `${line}\n`
      })
    }
    child.on('error', (error: NodeJS.ErrnoException) =>
      settle({ code: null, isTimeout: false, spawnError: error.code ?? error.message }),
    )
    child.on('close', (code) => settle({ code, isTimeout: false }))
  })
}

function kill(pid: number | undefined, isGroup: boolean): void {
  if (pid === undefined) return
  try {
    process.kill(isGroup ? -pid : pid, 'SIGKILL')
  } catch {
    // It ended by itself in the meantime.
  }
}
