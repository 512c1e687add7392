import { OpencodeError } from '../../opencode/errors.ts'
import { commitChanges } from './commits.ts'
import { gitFailure } from './git.ts'
import type { IsolatedTree } from './isolatedTree.ts'
import { devNull } from 'node:os'
import { placesOf } from './treeRecord.ts'

export interface BranchOptions {
  readonly message: string
  /** Full name, e.g. `opencode/fix-login`; undefined: the one of the isolated session. */
  readonly branch?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface BroughtBranch {
  readonly branch: string
  readonly commit: string
  /** Commits on the branch beyond what is checked out now. */
  readonly commits: number
}

/**
 * Brings all changes into the user's repository as a branch; working tree, index and the branch that is checked
 * out stay as they are. A branch that we brought before and nobody changed is moved on.
 * @throws OpencodeError `not-found` (nothing changed), `conflict` (another branch has that name),
 * `invalid-argument` (no name for a branch), `no-repository` …
 */
export async function bringAsBranch(tree: IsolatedTree, options: BranchOptions): Promise<BroughtBranch> {
  const { signal } = options
  const { root, broughtAs, head } = tree.record
  const branch = options.branch ?? tree.record.branch
  const call = { cwd: root, signal }
  const ref = `refs/heads/${branch}`
  const isName = await tree.git.run(['check-ref-format', '--branch', branch], call)
  if (isName.code !== 0) {
    throw new OpencodeError('invalid-argument', `"${branch}" cannot be the name of a branch.`)
  }
  const { commit } = await commitChanges(tree, options)
  const present = (await tree.git.run(['rev-parse', '--verify', '--quiet', ref], call)).stdout
    .toString('utf8')
    .trim()
  const isOurs = broughtAs?.branch === branch && broughtAs.commit === present
  if (present !== '' && present !== commit && !isOurs) throw nameTaken(branch)
  if (present !== commit) {
    await tree.own(['update-ref', 'refs/opencode/result', commit], { signal })
    const own = placesOf(tree.folder).git
    const args = [
      ...['-c', `core.hooksPath=${devNull}`, '-c', 'fetch.fsckObjects=true'],
      ...['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'],
      ...['--no-auto-gc', own, `+refs/opencode/result:${ref}`],
    ]
    const fetched = await tree.git.run(args, call)
    if (fetched.code !== 0) throw fetchFailure(branch, args, fetched)
  }
  await tree.setBrought({ branch, commit })
  const commits = Number(await tree.ownLine(['rev-list', '--count', `${head}..${commit}`], { signal }))
  return { branch, commit, commits }
}

function fetchFailure(
  branch: string,
  args: readonly string[],
  result: Parameters<typeof gitFailure>[1],
): OpencodeError {
  if (/refusing to fetch into (?:current )?branch/.test(result.stderr)) {
    return new OpencodeError(
      'conflict',
      `The branch ${branch} is checked out, so it cannot be moved. Choose another name.`,
    )
  }
  if (/cannot lock ref|exists; cannot create/.test(result.stderr)) return nameTaken(branch)
  return gitFailure(args, result)
}

function nameTaken(branch: string): OpencodeError {
  return new OpencodeError('conflict', `There is another branch at the name ${branch}. Choose another name.`)
}
