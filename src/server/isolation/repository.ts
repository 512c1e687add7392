import { readFile, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { OpencodeError } from '../../opencode/errors.ts'
import { type Git, gitFailure } from './git.ts'

/** What is known of the user's repository. It is only read here. */
export interface Repository {
  /** Top of the working tree; absolute, symbolic links resolved. */
  readonly root: string
  /** The asked folder below `root`, with `/`, or empty. */
  readonly prefix: string
  readonly gitDir: string
  /** The folders that hold its objects: its own one first, then those it borrows from. */
  readonly objects: readonly string[]
  /** The commit that is checked out. */
  readonly head: string
  /** Undefined when no branch is checked out. */
  readonly branch: string | undefined
  readonly format: string
  /** The file with the commits where a shallow history ends. */
  readonly shallowFile: string | undefined
  /** Paths of the submodules, from `root`. */
  readonly submodules: readonly string[]
  readonly usesLfs: boolean
  readonly author: { readonly name: string; readonly email: string }
}

/**
 * Looks at the repository that a folder is in; works in linked worktrees and submodules too.
 * @throws OpencodeError `no-repository` (none, or a bare one), `unsupported` (no commit yet), `git-not-found`
 */
export async function openRepository(git: Git, folder: string): Promise<Repository> {
  const cwd = await realpath(folder).catch(() => folder)
  const ask = async (args: readonly string[]): Promise<string> =>
    (await git.run(args, { cwd })).stdout.toString('utf8').replace(/\r?\n$/, '')
  const top = await git.run(['rev-parse', '--show-toplevel'], { cwd })
  const root = top.stdout.toString('utf8').replace(/\r?\n$/, '')
  if (top.code !== 0 || root === '') throw noRepository(folder, top)
  const head = await ask(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'])
  if (head === '') throw noCommit(folder)
  const objects = resolve(cwd, await ask(['rev-parse', '--git-path', 'objects']))
  const branch = await ask(['symbolic-ref', '--quiet', '--short', 'HEAD'])
  const shallow = resolve(cwd, await ask(['rev-parse', '--git-path', 'shallow']))
  return {
    root: await realpath(root),
    prefix: (await ask(['rev-parse', '--show-prefix'])).replace(/\/$/, ''),
    gitDir: resolve(cwd, await ask(['rev-parse', '--git-dir'])),
    objects: await objectFolders(objects),
    head,
    branch: branch === '' ? undefined : branch,
    format: (await ask(['rev-parse', '--show-object-format'])) || 'sha1',
    shallowFile: (await exists(shallow)) ? shallow : undefined,
    submodules: await submodulesOf(git, root),
    usesLfs: /\bfilter=lfs\b/.test(await ask(['show', `HEAD:.gitattributes`])),
    author: {
      name: (await ask(['config', 'user.name'])) || 'OpenCode',
      email: (await ask(['config', 'user.email'])) || 'opencode@localhost',
    },
  }
}

/** Paths of links to other repositories in the commit that is checked out. */
async function submodulesOf(git: Git, root: string): Promise<readonly string[]> {
  const items = await git.items(['ls-files', '-z', '--stage'], { cwd: root })
  return items.flatMap((item) => (item.startsWith('160000 ') ? [item.slice(item.indexOf('\t') + 1)] : []))
}

const deepest = 5

/** Git follows what a repository borrows from over several steps; whoever mounts them has to know them all. */
async function objectFolders(folder: string, depth = 0): Promise<readonly string[]> {
  const text = await readFile(join(folder, 'info', 'alternates'), 'utf8').catch(() => '')
  const lines = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('"'))
  const next = lines.map((line) => (isAbsolute(line) ? line : resolve(folder, line)))
  const more = depth < deepest ? await Promise.all(next.map((each) => objectFolders(each, depth + 1))) : []
  return [...new Set([await realpath(folder).catch(() => folder), ...more.flat()])]
}

function noRepository(folder: string, result: Parameters<typeof gitFailure>[1]): OpencodeError {
  const known = gitFailure(['rev-parse'], result)
  if (known.code === 'forbidden') return known
  return new OpencodeError(
    'no-repository',
    `${folder} is not the working tree of a git repository. Isolated sessions need one: run "git init" and commit first.`,
  )
}

function noCommit(folder: string): OpencodeError {
  return new OpencodeError(
    'unsupported',
    `The repository of ${folder} has no commit yet. Commit something first: an isolated session starts from a commit.`,
  )
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
