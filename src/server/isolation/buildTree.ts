import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Git, GitCall } from './git.ts'
import { initRepository, ownEnvironment } from './ownGit.ts'
import type { Repository } from './repository.ts'
import {
  type IsolationKind,
  type TreeBase,
  type TreeLack,
  type TreeRecord,
  listRecords,
  placesOf,
  treeFolder,
  writeRecord,
} from './treeRecord.ts'
import { commitUserChanges, copyIndex } from './userSnapshot.ts'

export interface CreateOptions {
  /** The user's folder, anywhere in a repository. */
  readonly folder: string
  /** Where isolated trees are kept; a folder of ours outside of the user's. */
  readonly storage: string
  readonly kind: IsolationKind
  readonly base: TreeBase
  /** Of the branch, without `opencode/`; undefined: the next free number. */
  readonly name?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface BuildParts {
  readonly repository: Repository
  readonly folder: string
  readonly id: string
  readonly options: CreateOptions
}

/** Makes the folder of an isolated tree with all that belongs to it. */
export async function buildTree(
  git: Git,
  { repository, folder, id, options }: BuildParts,
): Promise<TreeRecord> {
  const { signal } = options
  const places = placesOf(folder)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await mkdir(places.home)
  const init = { format: repository.format, author: repository.author, home: places.home, signal }
  const own = await initRepository(git, places.git, { ...init, isBare: true })
  await borrow(own, repository)
  const base = await baseCommit(git, { repository, own, options })
  const branch = await freeBranch(git, repository, options)
  const top = treeFolder(folder, { root: repository.root, branch })
  await mkdir(top, { recursive: true })
  const inside = await initRepository(git, top, { ...init, isBare: false })
  await borrow(inside, repository)
  await copyExcludes(git, repository, [own, inside])
  const call: GitCall = { cwd: top, env: ownEnvironment(places.home), signal }
  const ref = `refs/heads/${branch}`
  const at = [`--git-dir=${own}`]
  await git.read([...at, 'update-ref', 'refs/opencode/base', base], call)
  // The commit of the user comes first: then only what is new has to be copied.
  await git.read(['update-ref', ref, repository.head], call)
  await git.read(['symbolic-ref', 'HEAD', ref], call)
  if (base !== repository.head) {
    await git.read(
      [
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--update-head-ok',
        own,
        `+refs/opencode/base:${ref}`,
      ],
      call,
    )
  }
  await git.read(['checkout', '--quiet', '--force', branch], call)
  await takeIndex(git, { own, inside, call })
  const record: TreeRecord = {
    version: 1,
    id,
    kind: options.kind,
    folder: options.folder,
    root: repository.root,
    prefix: repository.prefix,
    branch,
    head: repository.head,
    base,
    created: Date.now(),
    lacks: lacksOf(repository),
  }
  await mkdir(join(top, ...repository.prefix.split('/')), { recursive: true })
  await writeRecord(folder, record)
  return record
}

/** Ours begins with the same files, known by time and size, but for links to other repositories. */
async function takeIndex(git: Git, parts: { own: string; inside: string; call: GitCall }): Promise<void> {
  const { own, inside, call } = parts
  await copyIndex(join(inside, 'index'), join(own, 'index'))
  const entries = await git.items([`--git-dir=${own}`, 'ls-files', '-z', '--stage'], call)
  const links = entries.filter((entry) => entry.startsWith('160000 '))
  if (links.length === 0) return
  const lines = links.map((entry) => `0 ${'0'.repeat(40)}\t${entry.slice(entry.indexOf('\t') + 1)}\0`)
  await git.read([`--git-dir=${own}`, 'update-index', '-z', '--index-info'], {
    ...call,
    input: lines.join(''),
  })
}

async function baseCommit(
  git: Git,
  parts: { repository: Repository; own: string; options: CreateOptions },
): Promise<string> {
  const { repository, own, options } = parts
  if (options.base === 'head') return repository.head
  const place = { objects: join(own, 'objects'), index: join(own, 'user-index') }
  const withNew = options.base === 'changes-and-new'
  const commit = await commitUserChanges(git, repository, place, { withNew, signal: options.signal })
  await rm(place.index, { force: true })
  return commit
}

async function borrow(gitDir: string, { objects, shallowFile }: Repository): Promise<void> {
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true })
  await writeFile(join(gitDir, 'objects', 'info', 'alternates'), objects.map((path) => `${path}\n`).join(''))
  if (shallowFile !== undefined) await copyFile(shallowFile, join(gitDir, 'shallow'))
}

/** What the user ignores in this repository and everywhere is ignored here too. */
async function copyExcludes(git: Git, repository: Repository, gitDirs: readonly string[]): Promise<void> {
  const cwd = repository.root
  const ask = async (args: readonly string[]): Promise<string> =>
    (await git.run(args, { cwd })).stdout.toString('utf8').replace(/\n$/, '')
  const config = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config')
  const everywhere =
    (await ask(['config', '--type=path', 'core.excludesFile'])) || join(config, 'git', 'ignore')
  const here = await ask(['rev-parse', '--git-path', 'info/exclude'])
  const texts = await Promise.all(
    [everywhere, here].map((path) => readFile(resolve(cwd, path), 'utf8').catch(() => '')),
  )
  for (const gitDir of gitDirs) {
    await mkdir(join(gitDir, 'info'), { recursive: true })
    await writeFile(join(gitDir, 'info', 'exclude'), texts.map((text) => `${text}\n`).join(''))
  }
}

/** A name that neither the user's repository nor another isolated tree of it has. */
async function freeBranch(git: Git, repository: Repository, options: CreateOptions): Promise<string> {
  const call = { cwd: repository.root }
  const listed = await git.line(
    ['for-each-ref', '--format=%(refname:short)', 'refs/heads/opencode', 'refs/heads/opencode-*'],
    call,
  )
  const others = (await listRecords(options.storage)).filter(({ root }) => root === repository.root)
  const taken = new Set([...listed.split('\n'), ...others.map(({ branch }) => branch)])
  // A branch with the name of the folder leaves no room for branches in it.
  const folder = taken.has('opencode') ? 'opencode-' : 'opencode/'
  const wanted = branchSlug(options.name ?? '')
  if (wanted !== '' && !taken.has(folder + wanted)) return folder + wanted
  for (let number = wanted === '' ? 1 : 2; ; number++) {
    const name = `${folder}${wanted === '' ? 'isolated' : wanted}-${number}`
    if (!taken.has(name)) return name
  }
}

/** A text as part of the name of a branch; empty when nothing of it can be used. */
export function branchSlug(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '')
}

function lacksOf(repository: Repository): readonly TreeLack[] {
  return [
    ...(repository.submodules.length > 0 ? (['submodules'] as const) : []),
    ...(repository.usesLfs ? (['lfs'] as const) : []),
  ]
}
