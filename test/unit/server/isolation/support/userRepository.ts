import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstat, mkdir, mkdtemp, readFile, readdir, readlink, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Git } from '../../../../../src/server/isolation/git.ts'
import { type CreateOptions } from '../../../../../src/server/isolation/buildTree.ts'
import { IsolatedTree } from '../../../../../src/server/isolation/isolatedTree.ts'

const run = promisify(execFile)

/** A repository as a user has it, with a place for isolated trees beside it. */
export interface UserRepository {
  readonly root: string
  readonly storage: string
  readonly git: Git
  /** What the user's own git sees: a home with nothing in it. */
  readonly env: Readonly<Record<string, string>>
  /** Runs git as the user would and returns what it prints. */
  run(...args: readonly string[]): Promise<string>
  write(file: string, content: string | Buffer): Promise<void>
  read(file: string): Promise<string>
  commit(message?: string): Promise<string>
  isolate(changes?: Partial<CreateOptions>): Promise<IsolatedTree>
  /** Says everything about working tree, index and repository that may be told from outside. */
  fingerprint(): Promise<Fingerprint>
  dispose(): Promise<void>
}

export interface Fingerprint {
  /** Path → kind, mode, time and content. */
  readonly files: Readonly<Record<string, string>>
  readonly repository: Readonly<Record<string, string>>
  readonly status: string
}

export async function createUserRepository(
  files: Readonly<Record<string, string>> = sample,
): Promise<UserRepository> {
  const home = await realpath(await mkdtemp(path.join(tmpdir(), 'opencode-git-')))
  const root = path.join(home, 'project')
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, GIT_CONFIG_NOSYSTEM: '1' } as Record<
    string,
    string
  >
  const git = new Git('git', env)
  await mkdir(root)
  const repository: UserRepository = {
    root,
    env,
    git,
    storage: path.join(home, 'storage'),
    run: async (...args) => (await run('git', args, { cwd: root, env, maxBuffer: 1 << 26 })).stdout,
    write: async (file, content) => {
      await mkdir(path.dirname(path.join(root, file)), { recursive: true })
      await writeFile(path.join(root, file), content)
    },
    read: (file) => readFile(path.join(root, file), 'utf8'),
    commit: async (message = 'Change') => {
      await repository.run('add', '-A')
      await repository.run('commit', '-q', '--allow-empty', '-m', message)
      return (await repository.run('rev-parse', 'HEAD')).trim()
    },
    isolate: (changes = {}) =>
      IsolatedTree.create(git, {
        folder: root,
        storage: repository.storage,
        kind: 'worktree',
        base: 'head',
        ...changes,
      }),
    fingerprint: async () => ({
      files: await describe(root, ['.git']),
      repository: await describe(path.join(root, '.git'), []),
      status: (
        await run('git', ['--no-optional-locks', 'status', '--porcelain=v2', '-z'], { cwd: root, env })
      ).stdout,
    }),
    dispose: () => rm(home, { recursive: true, force: true }),
  }
  await repository.run('init', '-q', '-b', 'main')
  await repository.run('config', 'user.name', 'Ada')
  await repository.run('config', 'user.email', 'ada@example.com')
  for (const [file, content] of Object.entries(files)) await repository.write(file, content)
  if (Object.keys(files).length > 0) await repository.commit('Start')
  return repository
}

const sample = {
  'a.txt': 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n',
  'src/b.ts': 'export const b = 1\n',
  'src/deep/c.ts': 'export const c = 1\n',
  '.gitignore': '*.log\nbuild/\n',
}

async function describe(
  folder: string,
  except: readonly string[],
  below = '',
): Promise<Record<string, string>> {
  const result: Record<string, string> = {}
  for (const entry of await readdir(path.join(folder, below), { withFileTypes: true })) {
    const name = path.join(below, entry.name)
    if (except.includes(name)) continue
    if (entry.isDirectory())
      Object.assign(result, { [`${name}/`]: 'folder' }, await describe(folder, except, name))
    else result[name] = await describeFile(path.join(folder, name))
  }
  return result
}

async function describeFile(file: string): Promise<string> {
  const { mode, mtimeMs } = await lstat(file)
  const isLink = (mode & 0o170000) === 0o120000
  const content = isLink ? await readlink(file) : await readFile(file)
  // Git may mark an object as used again by its time.
  const time = /\/objects\/../.test(file) ? '' : mtimeMs
  return [mode.toString(8), time, createHash('sha256').update(content).digest('hex')].join(' ')
}
