import { spawn } from 'node:child_process'
import { OpencodeError } from '../../opencode/errors.ts'
import { foreignEnvironment } from '../environment.ts'
import { LaunchError, abortedError } from '../launchError.ts'

export interface GitCall {
  readonly cwd: string
  /** Added to the environment of the program. */
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Buffer
  readonly signal?: AbortSignal | undefined
}

export interface GitResult {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

const killAfterMs = 2000

/**
 * Runs the `git` program without a shell. Whatever stands in `GIT_…` variables of this process is left out, no
 * lock is taken only to refresh an index, and nothing is ever asked.
 */
export class Git {
  readonly #program: string
  readonly #env: Readonly<Record<string, string>>

  constructor(program = 'git', env: NodeJS.ProcessEnv = process.env) {
    this.#program = program
    const own = Object.entries(foreignEnvironment(env)).filter(([name]) => !/^GIT_/i.test(name))
    this.#env = {
      ...Object.fromEntries(own),
      GIT_TERMINAL_PROMPT: '0',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_NO_LAZY_FETCH: '1',
      LC_ALL: 'C',
    }
  }

  /**
   * Runs one command and waits for its end; any exit code is fine.
   * @throws OpencodeError `git-not-found`, `aborted`
   */
  run(args: readonly string[], { cwd, env, input, signal }: GitCall): Promise<GitResult> {
    if (signal?.aborted) return Promise.reject(abortedError())
    return new Promise((resolve, reject) => {
      const child = spawn(this.#program, [...args], {
        cwd,
        env: { ...this.#env, ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
        windowsHide: true,
      })
      const stdout: Buffer[] = []
      const stderr: Buffer[] = []
      let killTimer: NodeJS.Timeout | undefined
      const abort = (): void => {
        child.kill('SIGTERM')
        killTimer ??= setTimeout(() => child.kill('SIGKILL'), killAfterMs)
      }
      const settle = (): void => {
        clearTimeout(killTimer)
        signal?.removeEventListener('abort', abort)
      }
      signal?.addEventListener('abort', abort, { once: true })
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
      // A command that fails at once closes its input before we have written; its exit code tells more.
      child.stdin.on('error', () => undefined)
      child.stdin.end(input)
      child.on('error', (error: NodeJS.ErrnoException) => {
        settle()
        reject(startError(this.#program, error))
      })
      child.on('close', (code) => {
        settle()
        if (signal?.aborted) reject(abortedError())
        else resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') })
      })
    })
  }

  /**
   * What a command prints.
   * @throws OpencodeError `disk-full`, `conflict`, `internal` … when it fails; git's own words are the detail
   */
  async read(args: readonly string[], call: GitCall): Promise<Buffer> {
    const result = await this.run(args, call)
    if (result.code === 0) return result.stdout
    throw gitFailure(args, result)
  }

  /** As `read`, for one line of text. */
  async line(args: readonly string[], call: GitCall): Promise<string> {
    return (await this.read(args, call)).toString('utf8').replace(/\r?\n$/, '')
  }

  /** As `read`, for items that end with NUL: the only form in which names of files are safe. */
  async items(args: readonly string[], call: GitCall): Promise<readonly string[]> {
    const text = (await this.read(args, call)).toString('utf8')
    return text.split('\0').filter((item) => item !== '')
  }
}

/** The error for a git command that failed. */
export function gitFailure(args: readonly string[], { code, stderr }: GitResult): OpencodeError {
  const detail = stderr.trim().split('\n').slice(-20).join('\n')
  const known = failures.find(({ pattern }) => pattern.test(stderr))
  const name = args.find((argument) => /^[a-z][a-z-]+$/.test(argument)) ?? ''
  const message =
    known?.sentence ?? `git ${name} failed (exit code ${code ?? 'none'}). Git's words are in the log.`
  return new LaunchError(known?.code ?? 'internal', message, { detail })
}

const failures = [
  {
    code: 'disk-full',
    pattern: /no space left on device|disk quota exceeded/i,
    sentence: 'The disk is full. Free some space, then try again.',
  },
  {
    code: 'forbidden',
    pattern: /dubious ownership/,
    sentence:
      'Git does not trust this repository because it belongs to another user. Add it to the setting "safe.directory" of git.',
  },
  {
    code: 'not-found',
    pattern:
      /unable to read (?:tree|sha1 file)|bad object|missing (?:blob|tree|commit)|Could not read [0-9a-f]{40}/,
    sentence:
      'The repository lacks objects that are needed: it is a partial clone, or commits were removed from it for good.',
  },
] as const

function startError(program: string, error: NodeJS.ErrnoException): OpencodeError {
  // The same code also stands for a working directory that is gone.
  const message =
    error.code === 'ENOENT'
      ? 'The program "git" was not found, or the folder is gone. Install git, or name it in the setting "git.path".'
      : `The program "${program}" could not be run (${error.code ?? error.message}).`
  return new OpencodeError('git-not-found', message, { cause: error })
}
