import { createHash, randomUUID } from 'node:crypto'
import { appendFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Git } from '../server/isolation/git.ts'
import { initRepository, ownEnvironment } from '../server/isolation/ownGit.ts'
import { describeProcess } from '../server/process/processTable.ts'
import type { ProcessIdentity } from '../server/process/processTable.ts'

/** Folders full of files that nobody writes by hand; a repository of the user's names its own ones. */
const excluded = ['node_modules/', '.venv/', '__pycache__/', '.DS_Store', '.cache/', '.git']
/** Whatever the folder's own attributes say, a file is taken byte for byte. */
const attributes = '* -text -eol -filter -ident -working-tree-encoding\n'

/** Where the system does not tell when a process began. */
const unknownStart = ''

export interface RepositoryOptions {
  readonly git: Git
  /** What is remembered; absolute. */
  readonly directory: string
  /** Where the repositories of all windows that remember it stand, side by side; absolute. */
  readonly home: string
  /** Of the window: whose repository it is. This process, unless told. */
  readonly owner?: ProcessIdentity | undefined
  readonly timeMs: number
}

/**
 * The repository in which one window remembers one folder. Several windows may show the same folder, so each has one of
 * its own, whose name says whose it is. What windows that are gone left is taken over, since its index knows most files
 * already, or removed.
 * @returns its git directory
 * @throws OpencodeError whatever git says
 */
export async function openRepository(options: RepositoryOptions): Promise<string> {
  const { home } = options
  await mkdir(home, { recursive: true, mode: 0o700 })
  const owner = options.owner ??
    (await describeProcess(process.pid)) ?? { pid: process.pid, startTime: unknownStart }
  const gitDir = join(home, nameOf(owner))
  await takeOver(home, gitDir)
  if (await exists(join(gitDir, 'info', 'attributes'))) await tidy(options, gitDir)
  else await make(options, gitDir)
  return gitDir
}

/** Renaming is what only one of several windows can do. */
async function takeOver(home: string, gitDir: string): Promise<void> {
  const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true })
  for (const name of await readdir(home)) {
    const place = join(home, name)
    if (name.endsWith('.gone')) await remove(place)
    if (place === gitDir || !name.endsWith('.git') || (await isOwned(name))) continue
    const isNeeded = !(await exists(gitDir))
    const target = isNeeded ? gitDir : `${gitDir}.${randomUUID()}.gone`
    const isTaken = await rename(place, target).then(
      () => true,
      () => false,
    )
    if (isTaken && !isNeeded) await remove(target)
  }
}

function nameOf({ pid, startTime }: ProcessIdentity): string {
  return `${pid}-${createHash('sha256').update(startTime).digest('hex').slice(0, 12)}.git`
}

/** Whether the window that a repository is named after is still there, or may be. */
async function isOwned(name: string): Promise<boolean> {
  const pid = Number(/^(\d+)-/.exec(name)?.[1] ?? 0)
  if (pid === 0 || !isAlive(pid)) return false
  const found = await describeProcess(pid)
  return !found || [nameOf(found), nameOf({ pid, startTime: unknownStart })].includes(name)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** What was remembered for earlier windows is needed no more, and a lock of theirs has nobody behind it. */
async function tidy({ git, directory, home, timeMs }: RepositoryOptions, gitDir: string): Promise<void> {
  await rm(join(gitDir, 'index.lock'), { force: true })
  const signal = AbortSignal.timeout(timeMs)
  const call = { cwd: directory, env: ownEnvironment(home), signal }
  await git.run(['--git-dir', gitDir, '--work-tree', directory, 'prune', '--expire=now'], call)
}

async function make(options: RepositoryOptions, gitDir: string): Promise<void> {
  const { git, home, timeMs } = options
  await rm(gitDir, { recursive: true, force: true })
  const format = await ask(options, ['rev-parse', '--show-object-format'])
  await initRepository(git, gitDir, {
    isBare: true,
    format: format || 'sha1',
    author: { name: 'OpenCode', email: 'opencode@localhost' },
    home,
    signal: AbortSignal.timeout(timeMs),
  })
  await mkdir(join(gitDir, 'info'), { recursive: true })
  await appendFile(join(gitDir, 'info', 'exclude'), `${excluded.join('\n')}\n`)
  await borrowObjects(options, gitDir)
  // Last, because it tells that all is made.
  await writeFile(join(gitDir, 'info', 'attributes'), attributes)
}

/** What the user's repository holds is not stored twice. */
async function borrowObjects(options: RepositoryOptions, gitDir: string): Promise<void> {
  const objects = await ask(options, ['rev-parse', '--git-path', 'objects'])
  if (objects === '') return
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true })
  const folder = resolve(options.directory, objects)
  await writeFile(join(gitDir, 'objects', 'info', 'alternates'), `${folder}\n`)
}

/** Of the user's own repository; empty where there is none. */
async function ask({ git, directory }: RepositoryOptions, args: readonly string[]): Promise<string> {
  const { code, stdout } = await git.run(args, { cwd: directory })
  return code === 0 ? stdout.toString('utf8').trim() : ''
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
