import { basename, join } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { isDenied } from '../platform/deniedFiles.ts'
import type { PromptPart } from '../session/model.ts'
import { inlinePart } from './attachment.ts'
import type { Attachment } from './attachment.ts'
import { ownPlace, placesIn, placesOf } from './changePlaces.ts'
import type { ChangePlace } from './changePlaces.ts'
import { shortName } from './documentPlace.ts'
import { currentBranch, git } from './git.ts'
import { newFilesDiff } from './newFiles.ts'
import { keepStart, textAttachment, textLimit } from './textPart.ts'

/** Paths relative to where Git runs; no program of the user's configuration runs. */
const diffCommand = ['diff', '--no-color', '--no-ext-diff', '--no-textconv', '--relative']

/** The changes that can be mentioned; the branch is compared with where it left the main line. */
export type ChangeSet = 'unstaged' | 'staged' | 'branch'

export const changeSets: readonly ChangeSet[] = ['unstaged', 'staged', 'branch']

/** Name and one line about a set of changes; undefined when it is empty. */
export async function describeChanges(directory: string, set: ChangeSet): Promise<string | undefined> {
  const places = await placesIn(directory)
  const found = await Promise.all(places.map((place) => describeAt(place, set)))
  const lines = found.filter((line) => line !== undefined)
  return lines.length === 0 ? undefined : lines.join(' · ')
}

async function describeAt({ root, prefix }: ChangePlace, set: ChangeSet): Promise<string | undefined> {
  const range = await rangeOf(root, set)
  if (!range) return undefined
  const stat = (await git(root, ['diff', '--shortstat', ...range.args, '--', '.']))?.trim()
  const fresh = set === 'unstaged' ? await untracked(root, ['.']) : []
  if (!stat && fresh.length === 0) return undefined
  const isNew = fresh.length > 0 ? vscode.l10n.t('{0} untracked', fresh.length) : undefined
  const words = [stat, isNew, range.note].filter(Boolean).join(' · ')
  return prefix === '' ? words : `${prefix} ${words}`
}

/**
 * A set of changes as a unified diff, with untracked files as new ones, without the files of a deny list: nobody picked
 * these one by one.
 *
 * @param denied globs of the settings
 * @param paths absolute; all files of the directory when left out
 * @throws OpencodeError `not-found` when there is none any more
 */
export async function changesAttachment(
  directory: string,
  set: ChangeSet,
  denied: readonly string[],
  paths?: readonly string[],
): Promise<Attachment> {
  const places = await (paths ? placesOf(paths, directory) : placesIn(directory))
  const found = await Promise.all(places.map((place) => changesAt(place, set, denied)))
  const text = joined(found.map((each) => each.text))
  if (text === '') throw new OpencodeError('not-found', vscode.l10n.t('There are no such changes any more.'))
  const label = changeLabel(set)
  const left = found.reduce((sum, each) => sum + each.left, 0)
  const notes = [
    label,
    ...new Set(found.flatMap(({ note }) => note ?? [])),
    ...(left === 0 ? [] : [vscode.l10n.t('without {0} private files', left)]),
  ]
  return textAttachment({
    kind: 'changes',
    label,
    detail: notes.join(' · '),
    name: `${set}-changes.diff`,
    text,
  })
}

/** A diff that goes along unasked, as text and as part. */
export interface GivenChanges {
  readonly text: string
  readonly part: PromptPart
}

/**
 * A set of changes without the files of a deny list; undefined when nothing is left.
 *
 * @param denied globs of the settings
 * @param paths absolute; all files of the directory when left out, or those of its repository alone
 */
export async function changesToSend(
  directory: string,
  set: ChangeSet | 'uncommitted',
  denied: readonly string[],
  paths?: readonly string[] | 'own',
): Promise<GivenChanges | undefined> {
  const places =
    paths === 'own' ? [ownPlace(directory)] : await (paths ? placesOf(paths, directory) : placesIn(directory))
  const found = await Promise.all(places.map((place) => changesAt(place, set, denied)))
  const whole = joined(found.map(({ text }) => text))
  if (whole === '') return undefined
  const stats = whole.length > textLimit ? await Promise.all(found.map(({ stat }) => stat())) : []
  const text = keepStart([...stats, whole].filter((part) => part !== '').join('\n'))
  return { text, part: inlinePart('changes.diff', text) }
}

/**
 * What of some files is not committed, as one diff, with paths relative to the directory for those inside. Files of
 * several repositories are asked for in each; those that Git does not know are new ones.
 *
 * @param paths absolute
 * @param isStaged what is staged alone
 */
export async function diffOfFiles(
  paths: readonly string[],
  directory: string,
  isStaged = false,
): Promise<string> {
  const places = await placesOf(paths, directory)
  const set = isStaged ? 'staged' : 'uncommitted'
  const found = await Promise.all(places.map((place) => changesAt(place, set, [])))
  return joined(found.map(({ text }) => text))
}

/**
 * The same as a chip.
 *
 * @throws OpencodeError `not-found` when nothing of the files has changed
 */
export async function fileChangesAttachment(
  paths: readonly string[],
  directory: string,
  isStaged = false,
): Promise<Attachment> {
  const text = await diffOfFiles(paths, directory, isStaged)
  if (text === '') throw new OpencodeError('not-found', vscode.l10n.t('There are no such changes any more.'))
  const [first = ''] = paths
  return textAttachment({
    kind: 'changes',
    label:
      paths.length === 1
        ? vscode.l10n.t('Changes of {0}', basename(first))
        : vscode.l10n.t('Changes of {0} files', paths.length),
    detail: paths.map((path) => shortName(path, directory)).join('\n'),
    name: 'changes.diff',
    text,
  })
}

export function changeLabel(set: ChangeSet): string {
  return {
    unstaged: vscode.l10n.t('Unstaged changes'),
    staged: vscode.l10n.t('Staged changes'),
    branch: vscode.l10n.t('Changes of the branch'),
  }[set]
}

interface FoundChanges {
  readonly text: string
  /** How many files were left out. */
  readonly left: number
  readonly note?: string
  /** The list of all files with their counts. */
  readonly stat: () => Promise<string>
}

const none: FoundChanges = { text: '', left: 0, stat: () => Promise.resolve('') }

async function changesAt(
  { root, prefix, paths }: ChangePlace,
  set: ChangeSet | 'uncommitted',
  denied: readonly string[],
): Promise<FoundChanges> {
  const range = set === 'uncommitted' ? { args: await sinceCommit(root) } : await rangeOf(root, set)
  if (!range) return none
  const specs = paths.map((path) => (path === '.' ? path : `:(literal)${path}`))
  const changed = await privateChanges(root, [...range.args, '--', ...specs], denied)
  const wanted = [...range.args, '--', ...specs, ...changed.map((name) => `:(exclude,literal)${name}`)]
  const isOutside = /^(?:\/|[A-Za-z]:)/.test(prefix)
  const [before, after] = isOutside ? [prefix, prefix] : [`a/${prefix}`, `b/${prefix}`]
  const names = [`--src-prefix=${before}`, `--dst-prefix=${after}`]
  const diff = (await git(root, [...diffCommand, ...names, ...wanted])) ?? ''
  const fresh = set === 'staged' ? [] : await untracked(root, specs)
  const open = fresh.filter((name) => !isDenied(join(root, name), denied))
  const news = await newFilesDiff(root, open, prefix)
  return {
    text: joined([moved(diff, prefix).trimEnd(), ...news]),
    left: changed.length + fresh.length - open.length,
    ...(range.note === undefined ? {} : { note: range.note }),
    stat: async () => (await git(root, [...diffCommand, '--stat', ...wanted])) ?? '',
  }
}

/** Git puts its prefixes before the names of moved files in the headings, but not in the lines about the move. */
function moved(diff: string, prefix: string): string {
  return diff.replaceAll(/^(?:rename|copy) (?:from|to) /gm, (words) => words + prefix)
}

/** Changed files of the deny list. One that was moved is private by either name. */
async function privateChanges(
  root: string,
  args: readonly string[],
  denied: readonly string[],
): Promise<readonly string[]> {
  if (denied.length === 0) return []
  const output = (await git(root, [...diffCommand, '--name-status', '-z', '-M', ...args])) ?? ''
  const words = output.split('\0')
  const found: string[] = []
  while (words.length > 1) {
    const names = words.splice(0, /^[RC]/.test(words[0] ?? '') ? 3 : 2).slice(1)
    if (names.some((name) => isDenied(join(root, name), denied))) found.push(...names)
  }
  return found
}

function joined(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n')
}

/** What stands between the last commit and the files; before the first commit what is staged. */
async function sinceCommit(root: string): Promise<readonly string[]> {
  const hasCommit = await git(root, ['rev-parse', '--verify', '--quiet', 'HEAD'])
  return hasCommit ? ['HEAD'] : ['--cached']
}

interface Range {
  readonly args: readonly string[]
  readonly note?: string
}

async function rangeOf(root: string, set: ChangeSet): Promise<Range | undefined> {
  if (set === 'unstaged') return { args: [] }
  if (set === 'staged') return { args: ['--cached'] }
  const base = await mainLine(root)
  const from = base && (await git(root, ['merge-base', base, 'HEAD']))?.trim()
  return from ? { args: [from], note: vscode.l10n.t('since {0}', base) } : undefined
}

/** The branch that work is usually merged into; undefined when the current branch is it. */
async function mainLine(root: string): Promise<string | undefined> {
  const current = await currentBranch(root)
  const remote = (await git(root, ['rev-parse', '--abbrev-ref', 'origin/HEAD']))?.trim()
  for (const name of [remote, 'main', 'master']) {
    if (!name || name === current || name.endsWith('HEAD')) continue
    if (await git(root, ['rev-parse', '--verify', '--quiet', name])) return name
  }
  return undefined
}

async function untracked(root: string, specs: readonly string[]): Promise<readonly string[]> {
  const output = await git(root, ['ls-files', '-z', '--others', '--exclude-standard', '--', ...specs])
  return output?.split('\0').filter((path) => path !== '') ?? []
}
