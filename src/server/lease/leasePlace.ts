import { createHash } from 'node:crypto'
import { lstat, mkdir, readlink, realpath } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Binary } from '../binary/binary.ts'
import { foreignEnvironment } from '../environment.ts'
import { leaseProtocol } from './lease.ts'

/**
 * Variables that say where a window was opened from and mean nothing to a server. All others count: windows
 * share a server only if it would run the same way when either of them started it.
 */
const passing =
  /^(?:PWD|OLDPWD|SHLVL|_|COLUMNS|LINES|COLORTERM|TERM|TERM_.*|ITERM_.*|WINDOWID|WINDOWPATH|WT_.*|KITTY_.*|ALACRITTY_.*|WEZTERM_.*|TMUX.*|STY|SSH_(?:CLIENT|CONNECTION|TTY)|XDG_(?:SESSION|ACTIVATION|VTNR|SEAT).*|DESKTOP_STARTUP_ID|GIO_LAUNCHED_.*|INVOCATION_ID|JOURNAL_STREAM|CHROME_DESKTOP|GDK_BACKEND|ORIGINAL_XDG_.*|APPLICATION_INSIGHTS_.*|BROWSER|GIT_ASKPASS|OPENCODE_(?:SERVER_)?PASSWORD|OPENCODE_SERVER_USERNAME)$/

/** Where windows find each other. */
export interface LeasePlace {
  readonly leasePath: string
  /** Held while a server is started on these data. */
  readonly lockPath: string
  /** For a server with this nonce. Short: a local socket's path may have about 100 characters. */
  socketPath(nonce: string): string
  /** What secrets of this lease are kept by. */
  readonly key: string
  /** The same for all servers that work on the same data, however they are launched. */
  readonly data: string
}

export interface LaunchFacts {
  readonly binary: Binary
  readonly env: NodeJS.ProcessEnv
  readonly supervisorPath: string
}

/**
 * The place of the lease for servers that are launched this way, in a folder that no other user can look into.
 * @throws Error when there is no such folder
 */
export async function leasePlace(facts: LaunchFacts, directory?: string): Promise<LeasePlace> {
  const folder = directory ?? (await privateDirectory(facts.env))
  const key = await leaseKey(facts)
  return {
    key,
    leasePath: join(folder, `${key}.json`),
    lockPath: await startLockPath(facts.env, folder),
    data: await dataKey(facts.env),
    socketPath: (nonce) =>
      process.platform === 'win32'
        ? `\\\\.\\pipe\\opencode-sessions-${key}-${nonce.slice(0, 8)}`
        : join(folder, `${key}-${nonce.slice(0, 8)}.sock`),
  }
}

/** Two servers that start on the same fresh data at once get in each other's way, whoever starts them. */
export async function startLockPath(env: NodeJS.ProcessEnv, directory?: string): Promise<string> {
  const folder = directory ?? (await privateDirectory(env))
  return join(folder, `start-${await dataKey(env)}.lock`)
}

async function dataKey(env: NodeJS.ProcessEnv): Promise<string> {
  const home = env['HOME'] || homedir()
  const data = join(env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'opencode')
  return hash(await realpath(data).catch(() => data))
}

async function leaseKey({ binary, env, supervisorPath }: LaunchFacts): Promise<string> {
  const variables = Object.entries(foreignEnvironment(env))
    .filter(([name]) => !passing.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const program = await realpath(binary.path).catch(() => binary.path)
  const parts = [leaseProtocol, program, binary.version, binary.searchPath, supervisorPath, variables]
  return hash(JSON.stringify([...parts, await processSpace()]))
}

/** Containers that share a folder do not see each other's processes, so they share no server either. */
async function processSpace(): Promise<string> {
  return process.platform === 'linux' ? readlink('/proc/self/ns/pid').catch(() => '') : ''
}

/** On this machine, not in the home, which several machines may share. */
async function privateDirectory(env: NodeJS.ProcessEnv): Promise<string> {
  const runtime = env['XDG_RUNTIME_DIR']
  const path = runtime
    ? join(runtime, 'opencode-sessions')
    : join(tmpdir(), `opencode-sessions-${process.getuid?.() ?? 'user'}`)
  await mkdir(path, { recursive: true, mode: 0o700 })
  const found = await lstat(path)
  const isPrivate =
    process.platform === 'win32' || (found.uid === process.getuid?.() && (found.mode & 0o077) === 0)
  if (!found.isDirectory() || !isPrivate) {
    throw new Error(`The folder ${path} is open to other users or is not a folder of yours.`)
  }
  return path
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
