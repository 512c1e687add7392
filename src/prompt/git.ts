import { execFile } from 'node:child_process'
import { basename, dirname, isAbsolute, relative } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import type { PromptPart } from '../session/model.ts'
import { inlinePart } from './attachment.ts'
import type { Attachment } from './attachment.ts'
import { shortName } from './documentPlace.ts'
import { newFilesDiff } from './newFiles.ts'
import { keepStart, textAttachment, textLimit } from './textPart.ts'

const timeoutMs = 10_000
const outputLimitBytes = 32 * 1024 * 1024
/** Paths relative to where Git runs, as the prompt names files; nothing of the user's configuration runs. */
const diffCommand = ['diff', '--no-color', '--no-ext-diff', '--no-textconv', '--relative']

/** The changes that can be mentioned; the branch is compared with where it left the main line. */
export type ChangeSet = 'unstaged' | 'staged' | 'branch'

export const changeSets: readonly ChangeSet[] = ['unstaged', 'staged', 'branch']

/**
 * Output of Git in a directory; undefined where there is no Git, no repository, or the command fails. Takes no
 * locks, so that it never disturbs a Git of the user's. Of a diff above 32 MiB the start.
 */
export async function git(directory: string, args: readonly string[]): Promise<string | undefined> {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' }
  const options = { cwd: directory, env, timeout: timeoutMs, maxBuffer: outputLimitBytes }
  return new Promise((resolve) => {
    execFile(gitProgram(), ['-c', 'core.quotePath=false', ...args], options, (error, stdout) => {
      const isCut = args[0] === 'diff' && error?.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'
      resolve(error && !isCut ? undefined : stdout)
    })
  })
}

/** Files of a repository that Git does not ignore, the untracked ones too; relative, with forward slashes. */
export async function gitFiles(directory: string): Promise<readonly string[] | undefined> {
  const output = await git(directory, [
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--',
    '.',
  ])
  return output === undefined ? undefined : [...new Set(output.split('\0').filter((path) => path !== ''))]
}

/** Name and one line about a set of changes; undefined when it is empty. */
export async function describeChanges(directory: string, set: ChangeSet): Promise<string | undefined> {
  const range = await rangeOf(directory, set)
  if (!range) return undefined
  const stat = (await git(directory, ['diff', '--shortstat', ...range.args, '--', '.']))?.trim()
  const fresh = set === 'unstaged' ? await untracked(directory) : []
  if (!stat && fresh.length === 0) return undefined
  const parts = [
    stat,
    fresh.length > 0 ? vscode.l10n.t('{0} untracked', fresh.length) : undefined,
    range.note,
  ]
  return parts.filter(Boolean).join(' · ')
}

/**
 * A set of changes as a unified diff, with untracked files as new ones.
 *
 * @throws OpencodeError `not-found` when there is none any more
 */
export async function changesAttachment(directory: string, set: ChangeSet): Promise<Attachment> {
  const range = await rangeOf(directory, set)
  const diff = range && (await git(directory, [...diffCommand, ...range.args, '--', '.']))
  const fresh = set === 'unstaged' ? await newFilesDiff(directory, await untracked(directory)) : []
  const text = joined(diff, fresh)
  if (text === '') throw new OpencodeError('not-found', vscode.l10n.t('There are no such changes any more.'))
  const label = changeLabel(set)
  return textAttachment({
    kind: 'changes',
    label,
    detail: [label, range?.note].filter(Boolean).join(' · '),
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
 * @param denied globs as in VS Code's settings
 * @param paths absolute; all files of the directory when left out
 */
export async function changesToSend(
  directory: string,
  set: ChangeSet | 'uncommitted',
  denied: readonly string[],
  paths?: readonly string[],
): Promise<GivenChanges | undefined> {
  const range = set === 'uncommitted' ? { args: await sinceCommit(directory) } : await rangeOf(directory, set)
  if (!range) return undefined
  const excluded = denied.flatMap(withoutBraces).map((glob) => `:(exclude,glob)${glob}`)
  const specs = [...(paths ?? ['.']), ...excluded]
  const diff = await git(directory, [...diffCommand, ...range.args, '--', ...specs])
  const names = set === 'staged' ? [] : await untracked(directory, specs)
  const whole = joined(diff, await newFilesDiff(directory, names))
  if (whole === '') return undefined
  const stat =
    whole.length > textLimit ? [...diffCommand, '--stat', ...range.args, '--', ...specs] : undefined
  const text = keepStart([stat && (await git(directory, stat)), whole].filter(Boolean).join('\n'))
  return { text, part: inlinePart('changes.diff', text) }
}

function joined(diff: string | undefined, fresh: readonly string[]): string {
  return [diff?.trimEnd() ?? '', ...fresh].filter((part) => part !== '').join('\n')
}

/** What stands between the last commit and the files; before the first commit what is staged. */
async function sinceCommit(directory: string): Promise<readonly string[]> {
  const hasCommit = await git(directory, ['rev-parse', '--verify', '--quiet', 'HEAD'])
  return hasCommit ? ['HEAD'] : ['--cached']
}

/** Git knows no `{a,b}` in its globs: each choice becomes one of its own. */
export function withoutBraces(glob: string): readonly string[] {
  const [whole, choices] = /\{([^{}]*)\}/.exec(glob) ?? []
  if (whole === undefined || choices === undefined) return [glob]
  return choices.split(',').flatMap((choice) => withoutBraces(glob.replace(whole, () => choice)))
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
  const roots = new Map<string, string[]>()
  for (const path of paths) {
    const root = isBelow(path, directory) ? directory : dirname(path)
    roots.set(root, [...(roots.get(root) ?? []), path])
  }
  const texts = await Promise.all([...roots].map(([root, own]) => diffIn({ root, directory, isStaged }, own)))
  return texts.filter((text) => text !== '').join('\n')
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

/** The name of the branch; undefined outside of a repository and before its first commit. */
export async function currentBranch(directory: string): Promise<string | undefined> {
  return (await git(directory, ['rev-parse', '--abbrev-ref', 'HEAD']))?.trim()
}

/** Files outside of the session's directory keep their whole path. */
async function diffIn(
  { root, directory, isStaged }: { root: string; directory: string; isStaged: boolean },
  paths: readonly string[],
): Promise<string> {
  const prefix = root === directory ? '' : `${root}/`
  const prefixes = prefix === '' ? [] : [`--src-prefix=${prefix}`, `--dst-prefix=${prefix}`]
  const since = isStaged ? ['--cached'] : await sinceCommit(root)
  const diff = await git(root, [...diffCommand, ...prefixes, ...since, '--', ...paths])
  const names = isStaged ? [] : await untracked(root, paths)
  return joined(diff, await newFilesDiff(root, names, prefix === '' ? 'b/' : prefix))
}

export function changeLabel(set: ChangeSet): string {
  return {
    unstaged: vscode.l10n.t('Unstaged changes'),
    staged: vscode.l10n.t('Staged changes'),
    branch: vscode.l10n.t('Changes of the branch'),
  }[set]
}

interface Range {
  readonly args: readonly string[]
  readonly note?: string
}

async function rangeOf(directory: string, set: ChangeSet): Promise<Range | undefined> {
  if (set === 'unstaged') return { args: [] }
  if (set === 'staged') return { args: ['--cached'] }
  const base = await mainLine(directory)
  const from = base && (await git(directory, ['merge-base', base, 'HEAD']))?.trim()
  return from ? { args: [from], note: vscode.l10n.t('since {0}', base) } : undefined
}

/** The branch that work is usually merged into; undefined when the current branch is it. */
async function mainLine(directory: string): Promise<string | undefined> {
  const current = await currentBranch(directory)
  const remote = (await git(directory, ['rev-parse', '--abbrev-ref', 'origin/HEAD']))?.trim()
  for (const name of [remote, 'main', 'master']) {
    if (!name || name === current || name.endsWith('HEAD')) continue
    if (await git(directory, ['rev-parse', '--verify', '--quiet', name])) return name
  }
  return undefined
}

function isBelow(path: string, directory: string): boolean {
  const rest = relative(directory, path)
  return rest !== '' && !rest.startsWith('..') && !isAbsolute(rest)
}

async function untracked(directory: string, paths: readonly string[] = ['.']): Promise<readonly string[]> {
  const output = await git(directory, ['ls-files', '-z', '--others', '--exclude-standard', '--', ...paths])
  return output?.split('\0').filter((path) => path !== '') ?? []
}

/** The program that VS Code's own Git support uses, which the user may have set. */
export function gitProgram(): string {
  const extension = vscode.extensions.getExtension<{
    readonly enabled: boolean
    getAPI(version: 1): { readonly git: { readonly path: string } }
  }>('vscode.git')
  if (extension?.isActive !== true || !extension.exports.enabled) return 'git'
  return extension.exports.getAPI(1).git.path
}
