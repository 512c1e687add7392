import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { OpencodeError } from '../../opencode/errors.ts'
import { LaunchError } from '../launchError.ts'
import { nothingChanged } from './commits.ts'
import { type FileSwap, type Standing, standingOf, swapFiles } from './fileSwap.ts'
import { type GitCall, gitFailure } from './git.ts'
import type { IsolatedTree } from './isolatedTree.ts'
import { type Repository, openRepository } from './repository.ts'
import { placesOf } from './treeRecord.ts'
import { copyUserIndex, elsewhere, quietly } from './userSnapshot.ts'

/** What bringing the changes back as a patch would do to the user's working tree. */
export interface PatchPlan {
  /** Files that would be written or deleted, from the top of the working tree; those that fit already are not in it. */
  readonly files: readonly string[]
  /**
   * Does it: all of it or, on any failure, nothing.
   * @throws OpencodeError `conflict` when one of the files was changed after the plan was made
   */
  apply(): Promise<void>
  /** Removes what was prepared. */
  dispose(): Promise<void>
}

/**
 * Merges the changes of an isolated tree with the user's working tree as it is now, saved changes included, and
 * prepares the result beside it. The user's tree and index are only read.
 * @throws OpencodeError `conflict` with the files that both sides changed as its detail, `not-found` when
 * nothing changed, `disk-full`, …
 */
export async function planPatch(tree: IsolatedTree, signal?: AbortSignal): Promise<PatchPlan> {
  const repository = await openRepository(tree.git, tree.record.root)
  const places = placesOf(tree.folder)
  await mkdir(places.scratch, { recursive: true })
  const scratch = await mkdtemp(join(places.scratch, 'patch-'))
  // On the same disk as the working tree, so that files can be exchanged without copying them.
  const staging = await mkdtemp(join(repository.gitDir, 'opencode-'))
  const dispose = async (): Promise<void> => {
    for (const folder of [scratch, staging]) await rm(folder, { recursive: true, force: true })
  }
  try {
    const swap = await prepare({ tree, repository, scratch, staging, signal })
    const files = swap.files.map(({ path }) => Buffer.from(path, 'latin1').toString('utf8'))
    return { files, apply: () => swapFiles(swap), dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

interface Parts {
  readonly tree: IsolatedTree
  readonly repository: Repository
  readonly scratch: string
  readonly staging: string
  readonly signal: AbortSignal | undefined
}

async function prepare(parts: Parts): Promise<FileSwap> {
  const { tree, repository, scratch, staging, signal } = parts
  const { base, tree: content } = await tree.changes(signal)
  const patch = join(scratch, 'patch')
  const between = ['--ignore-submodules=all', base, content]
  await tree.own(['diff-tree', '-p', '--binary', '--full-index', '-M', `--output=${patch}`, ...between], {
    signal,
  })
  const names = await tree.own(['diff-tree', '-r', '-z', '--no-renames', '--name-only', ...between], {
    signal,
  })
  // Names are kept as bytes: not every file system insists on UTF-8.
  const paths = split(names)
  if (paths.length === 0) throw nothingChanged()
  const standing = new Map(
    await Promise.all(paths.map(async (path) => [path, await standingOf(repository.root, path)] as const)),
  )
  const objects = join(placesOf(tree.folder).git, 'objects')
  const index = join(scratch, 'index')
  await copyUserIndex(repository, index)
  const call = elsewhere(repository, { objects, index }, signal)
  const run = (args: readonly string[], input?: string): Promise<Buffer> =>
    tree.git.read(
      [...quietly, ...args],
      input === undefined ? call : { ...call, input: Buffer.from(input, 'latin1') },
    )
  await takeWorkingFiles(run, standing)
  const before = (await run(['write-tree'])).toString('utf8').trim()
  await merge(tree, call, patch)
  const after = (await run(['write-tree'])).toString('utf8').trim()
  const raw = split(await run(['diff-tree', '-r', '-z', '--no-renames', '--raw', before, after]))
  const files = raw.flatMap((about, at) => {
    const path = raw[at + 1] ?? ''
    return about.startsWith(':') ? [{ path, isDeleted: about.endsWith(' D') }] : []
  })
  const written = files.filter(({ isDeleted }) => !isDeleted).map(({ path }) => `${path}\0`)
  await run(['checkout-index', '-z', '--stdin', `--prefix=${join(staging, 'new')}/`], written.join(''))
  return {
    root: repository.root,
    files: files.map((file) => ({ ...file, standing: standing.get(file.path) })),
    newFiles: join(staging, 'new'),
    oldFiles: join(staging, 'old'),
  }
}

type Run = (args: readonly string[], input?: string) => Promise<Buffer>

/** Brings the touched files as they lie on the disk into the copy of the index. */
async function takeWorkingFiles(run: Run, standing: ReadonlyMap<string, Standing>): Promise<void> {
  // What stands in the way may itself be what goes.
  const blocked = [...standing].flatMap(([path, at]) =>
    at.kind === 'blocked' && !standing.has(at.by) ? [path] : [],
  )
  if (blocked.length > 0) throw conflict(blocked)
  const unmerged = split(await run(['ls-files', '-z', '--unmerged'])).map((line) =>
    line.slice(line.indexOf('\t') + 1),
  )
  const missing = [...standing].filter(([, at]) => at.kind === 'missing').map(([path]) => path)
  const gone = new Set([...unmerged, ...missing])
  if (gone.size > 0) {
    const lines = [...gone].map((path) => `0 ${'0'.repeat(40)}\t${path}\0`)
    await run(['update-index', '-z', '--index-info'], lines.join(''))
  }
  const files = [...standing].filter(([, at]) => at.kind === 'file').map(([path]) => `${path}\0`)
  if (files.length > 0) {
    await run(['update-index', '-z', '--add', '--replace', '--stdin'], files.join(''))
  }
}

/** Applies the patch to the copy of the index, merging what both sides changed in different places. */
async function merge(tree: IsolatedTree, call: GitCall, patch: string): Promise<void> {
  const how = ['-c', 'apply.ignoreWhitespace=no', 'apply', '--cached', '--3way', '--whitespace=nowarn', patch]
  const result = await tree.git.run([...quietly, ...how], call)
  if (result.code === 0) return
  const failure = gitFailure(how, result)
  if (failure.code !== 'internal') throw failure
  const listed = await tree.git.run([...quietly, 'ls-files', '-z', '--unmerged'], call)
  const both = split(listed.stdout).map((line) => line.slice(line.indexOf('\t') + 1))
  const said = [
    ...result.stderr.matchAll(
      /^error: (?:patch failed: )?(.+?)(?::\d+$|: (?:already exists|does not|patch does not|No such).*)/gm,
    ),
  ]
  throw conflict([...both, ...said.map((found) => found[1] ?? '')], result.stderr.trim())
}

function conflict(paths: readonly string[], detail = ''): OpencodeError {
  const names = [...new Set(paths)].map((path) => Buffer.from(path, 'latin1').toString('utf8'))
  const shown = names.length > 5 ? [...names.slice(0, 5), `${names.length - 5} more`] : names
  const message = `Your files were changed in the same places (${shown.join(', ')}), so nothing was applied. Bring the changes back as a branch and merge it.`
  return new LaunchError('conflict', message, { detail: detail === '' ? names.join('\n') : detail })
}

function split(output: Buffer): readonly string[] {
  return output
    .toString('latin1')
    .split('\0')
    .filter((item) => item !== '')
}
