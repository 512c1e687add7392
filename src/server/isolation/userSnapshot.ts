import { copyFile, rm, stat, utimes } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { OpencodeError } from '../../opencode/errors.ts'
import type { Git, GitCall } from './git.ts'
import type { Repository } from './repository.ts'
import { stageWorkingTree } from './staging.ts'

/** Where what git writes about the user's tree goes, instead of into the user's repository. */
export interface Elsewhere {
  /** A folder for objects that borrows from those of the user's repository. */
  readonly objects: string
  readonly index: string
}

/** Options before a command in the user's repository: none of its hooks, daemons or caches takes part. */
export const quietly: readonly string[] = [
  ...['-c', `core.hooksPath=${devNull}`],
  ...['-c', 'core.fsmonitor=false'],
  ...['-c', 'core.splitIndex=false'],
  ...['-c', 'core.untrackedCache=false'],
]

/** How a command in the user's repository writes into files of ours alone. */
export function elsewhere(repository: Repository, place: Elsewhere, signal?: AbortSignal): GitCall {
  const env = { GIT_INDEX_FILE: place.index, GIT_OBJECT_DIRECTORY: place.objects }
  return { cwd: repository.root, env, signal }
}

/** Makes an index of ours that begins as a copy of the user's. */
export async function copyUserIndex(repository: Repository, index: string): Promise<void> {
  await rm(index, { force: true })
  await copyIndex(join(repository.gitDir, 'index'), index).catch((error: unknown) => {
    // A repository in which nothing was ever added has none.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  })
}

/**
 * Copies an index with its time: files that are not older are compared by content, because they may have been
 * changed within the same tick of the clock.
 */
export async function copyIndex(from: string, to: string): Promise<void> {
  const { mtimeMs } = await stat(from)
  await copyFile(from, to)
  const second = Math.floor(mtimeMs / 1000)
  await utimes(to, second, second)
}

/**
 * Writes the user's working tree as a commit on top of the one that is checked out, into our own objects; index,
 * working tree and repository of the user stay as they are. Gives that commit itself when nothing is changed.
 * @throws OpencodeError `conflict` while a merge is unfinished
 */
export async function commitUserChanges(
  git: Git,
  repository: Repository,
  place: Elsewhere,
  options: { readonly withNew: boolean; readonly signal: AbortSignal | undefined },
): Promise<string> {
  const call = elsewhere(repository, place, options.signal)
  await copyUserIndex(repository, place.index)
  if ((await git.items([...quietly, 'ls-files', '-z', '--unmerged'], call)).length > 0) {
    throw new OpencodeError(
      'conflict',
      'A merge is unfinished in your working tree. Finish it, or start the isolated session from the last commit.',
    )
  }
  const { withNew } = options
  await stageWorkingTree(git, { args: quietly, call, withNew, except: repository.submodules })
  const tree = await git.line([...quietly, 'write-tree'], call)
  if (tree === (await git.line(['rev-parse', `${repository.head}^{tree}`], call))) return repository.head
  const { name, email } = repository.author
  const who = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  }
  const text = `Uncommitted changes on ${repository.branch ?? repository.head.slice(0, 10)}\n`
  return git.line(['commit-tree', tree, '-p', repository.head, '-F', '-'], {
    ...call,
    env: { ...call.env, ...who },
    input: text,
  })
}
