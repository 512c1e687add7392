import { copyFile, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OpencodeError } from '../../opencode/errors.ts'
import { type GitCall, gitFailure } from './git.ts'
import type { IsolatedTree } from './isolatedTree.ts'
import { initRepository, ownEnvironment } from './ownGit.ts'
import { placesOf } from './treeRecord.ts'

export interface CommitOptions {
  /** Of the last commit, for what is not committed inside. */
  readonly message: string
  readonly signal?: AbortSignal | undefined
}

/** A line of commits that holds all changes of an isolated tree. */
export interface CommittedChanges {
  readonly commit: string
  /** How many commits were made inside; 0 also when those cannot be used. */
  readonly inside: number
}

/**
 * Makes commits of all changes: those that were made inside, as far as they build on the beginning, and one
 * more for the rest. They stand in our own repository.
 * @throws OpencodeError `not-found` when nothing changed
 */
export async function commitChanges(tree: IsolatedTree, options: CommitOptions): Promise<CommittedChanges> {
  const { signal } = options
  const { base, tree: content } = await tree.changes(signal)
  const tip = await tipInside(tree, signal)
  const parent = tip ?? base
  const inside =
    tip === undefined ? 0 : Number(await tree.ownLine(['rev-list', '--count', `${base}..${tip}`], { signal }))
  const treeOf = (commit: string): Promise<string> =>
    tree.ownLine(['rev-parse', `${commit}^{tree}`], { signal })
  if (content === (await treeOf(parent))) {
    if (parent === base) throw nothingChanged()
    return { commit: parent, inside }
  }
  const input = `${options.message.trim() || 'Changes of an isolated session'}\n`
  const commit = await tree.ownLine(['commit-tree', content, '-p', parent, '-F', '-'], { input, signal })
  return { commit, inside }
}

export function nothingChanged(): OpencodeError {
  return new OpencodeError('not-found', 'The isolated session has changed nothing yet.')
}

/**
 * The last commit that was made inside, copied into our own repository with all its objects checked. Undefined
 * when there is none, when it does not build on the beginning, or when the repository inside is not as we made
 * it. Git never runs there: another repository of ours lends the objects, and the reference is read by hand.
 */
async function tipInside(tree: IsolatedTree, signal: AbortSignal | undefined): Promise<string | undefined> {
  const places = placesOf(tree.folder)
  const { base } = tree.record
  const inside = join(tree.root, '.git')
  const tip = await readTip(inside, tree.borrowedObjects().join('\n'))
  if (tip === undefined || tip === base) return undefined
  const lender = join(places.scratch, 'lender')
  await rm(lender, { recursive: true, force: true })
  await mkdir(places.scratch, { recursive: true })
  try {
    const format = await tree.ownLine(['rev-parse', '--show-object-format'], { signal })
    const author = { name: 'OpenCode', email: 'opencode@localhost' }
    await initRepository(tree.git, lender, { isBare: true, format, author, home: places.home, signal })
    const lent = [...tree.borrowedObjects(), join(inside, 'objects')]
    await writeFile(join(lender, 'objects', 'info', 'alternates'), lent.map((path) => `${path}\n`).join(''))
    await copyFile(join(places.git, 'shallow'), join(lender, 'shallow')).catch(() => undefined)
    await writeFile(join(lender, 'refs', 'tip'), `${tip}\n`)
    return await takeOver(tree, lender, signal)
  } finally {
    await rm(lender, { recursive: true, force: true })
  }
}

async function takeOver(
  tree: IsolatedTree,
  lender: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const places = placesOf(tree.folder)
  const call: GitCall = { cwd: places.home, env: ownEnvironment(places.home), signal }
  const at = [`--git-dir=${places.git}`]
  const checked = ['-c', 'fetch.fsckObjects=true']
  const args = [
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    lender,
    '+refs/tip:refs/opencode/inside',
  ]
  const fetched = await tree.git.run([...at, ...checked, ...args], call)
  if (fetched.code !== 0) {
    const error = gitFailure(args, fetched)
    if (error.code === 'disk-full') throw error
    return undefined
  }
  const ref = 'refs/opencode/inside'
  const builds = await tree.git.run([...at, 'merge-base', '--is-ancestor', tree.record.base, ref], call)
  return builds.code === 0 ? tree.ownLine(['rev-parse', ref], { signal }) : undefined
}

/** The commit that is checked out inside, read as plain text. */
async function readTip(inside: string, borrowed: string): Promise<string | undefined> {
  const folders = [inside, join(inside, 'objects'), join(inside, 'refs')]
  const kinds = await Promise.all(folders.map((path) => lstat(path).catch(() => undefined)))
  if (!kinds.every((kind) => kind?.isDirectory() === true)) return undefined
  const text = async (...path: readonly string[]): Promise<string> => {
    const file = join(inside, ...path)
    const kind = await lstat(file).catch(() => undefined)
    return kind?.isFile() === true && kind.size < sizeLimit ? (await readFile(file, 'utf8')).trim() : ''
  }
  // Objects of who knows which folder are none of the user's business.
  if ((await text('objects', 'info', 'alternates')) !== borrowed) return undefined
  const head = await text('HEAD')
  if (isHash(head)) return head
  const ref = /^ref: (refs\/heads\/[\w./-]+)$/.exec(head)?.[1]
  if (ref === undefined || ref.includes('..')) return undefined
  const loose = await text(...ref.split('/'))
  if (isHash(loose)) return loose
  const packed = (await text('packed-refs')).split('\n').find((line) => line.endsWith(` ${ref}`))
  const hash = packed?.slice(0, packed.indexOf(' '))
  return hash !== undefined && isHash(hash) ? hash : undefined
}

const sizeLimit = 1024 * 1024

function isHash(text: string): boolean {
  return /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(text)
}
