import { execFile } from 'node:child_process'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { textAttachment } from './textPart.ts'
import type { Attachment } from './attachment.ts'

const timeoutMs = 10_000
const outputLimitBytes = 32 * 1024 * 1024

/** The changes that can be mentioned; the branch is compared with where it left the main line. */
export type ChangeSet = 'unstaged' | 'staged' | 'branch'

export const changeSets: readonly ChangeSet[] = ['unstaged', 'staged', 'branch']

/**
 * Output of Git in a directory; undefined where there is no Git, no repository, or the command fails. Takes no
 * locks, so that it never disturbs a Git of the user's.
 */
export async function git(directory: string, args: readonly string[]): Promise<string | undefined> {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' }
  const options = { cwd: directory, env, timeout: timeoutMs, maxBuffer: outputLimitBytes }
  return new Promise((resolve) => {
    execFile(gitProgram(), [...args], options, (error, stdout) => resolve(error ? undefined : stdout))
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
 * A set of changes as a unified diff; untracked files are named.
 *
 * @throws OpencodeError `not-found` when there is none any more
 */
export async function changesAttachment(directory: string, set: ChangeSet): Promise<Attachment> {
  const range = await rangeOf(directory, set)
  const diff =
    range && (await git(directory, ['diff', '--no-color', '--no-ext-diff', ...range.args, '--', '.']))
  const fresh = set === 'unstaged' ? await untracked(directory) : []
  const text = [diff ?? '', ...fresh.map((path) => `Untracked: ${path}`)]
    .filter((part) => part !== '')
    .join('\n')
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
  const current = (await git(directory, ['rev-parse', '--abbrev-ref', 'HEAD']))?.trim()
  const remote = (await git(directory, ['rev-parse', '--abbrev-ref', 'origin/HEAD']))?.trim()
  for (const name of [remote, 'main', 'master']) {
    if (!name || name === current || name.endsWith('HEAD')) continue
    if (await git(directory, ['rev-parse', '--verify', '--quiet', name])) return name
  }
  return undefined
}

async function untracked(directory: string): Promise<readonly string[]> {
  const output = await git(directory, ['ls-files', '-z', '--others', '--exclude-standard', '--', '.'])
  return output?.split('\0').filter((path) => path !== '') ?? []
}

/** The program that VS Code's own Git support uses, which the user may have set. */
function gitProgram(): string {
  const extension = vscode.extensions.getExtension<{
    readonly enabled: boolean
    getAPI(version: 1): { readonly git: { readonly path: string } }
  }>('vscode.git')
  if (extension?.isActive !== true || !extension.exports.enabled) return 'git'
  return extension.exports.getAPI(1).git.path
}
