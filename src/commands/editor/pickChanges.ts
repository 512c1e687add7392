import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import { changeLabel, changeSets, describeChanges } from '../../prompt/changes.ts'
import type { ChangeSet } from '../../prompt/changes.ts'
import { isWithin } from '../../util/paths.ts'

/** Some changes of a directory. */
export interface PickedChanges {
  readonly set: ChangeSet
  /** Absolute; all files of the directory when undefined. */
  readonly paths: readonly string[] | undefined
}

/**
 * The changes of a repository, as far as they are those of a directory that lies in it, or all of them.
 *
 * @param repository its root; undefined for all repositories of the directory
 * @throws OpencodeError `not-found`
 */
export async function pickChangesOf(
  repository: string | undefined,
  directory: string,
): Promise<PickedChanges | undefined> {
  const isPart = repository === undefined || isWithin(directory, repository)
  const set = await pickChanges(isPart ? directory : repository)
  return set && { set, paths: isPart ? undefined : [repository] }
}

/** The only set of changes there is, or the one that the user picks. @throws OpencodeError `not-found` */
async function pickChanges(directory: string): Promise<ChangeSet | undefined> {
  const items = await Promise.all(
    changeSets.map(async (set) => ({
      set,
      label: changeLabel(set),
      description: await describeChanges(directory, set),
    })),
  )
  const there = items.flatMap(({ description, ...item }) =>
    description === undefined ? [] : [{ ...item, description }],
  )
  if (there.length === 0) {
    throw new OpencodeError('not-found', vscode.l10n.t('Git knows of no changes in this folder.'))
  }
  const [only] = there
  if (only && there.length === 1) return only.set
  return (await vscode.window.showQuickPick(there, { title: vscode.l10n.t('Which changes?') }))?.set
}
