import { execFile } from 'node:child_process'
import * as vscode from 'vscode'

const timeoutMs = 10_000
const outputLimitBytes = 32 * 1024 * 1024
/** Names as they are; no program that the repository's configuration names watches its files. */
const always = ['-c', 'core.quotePath=false', '-c', 'core.fsmonitor=false']

/**
 * Output of Git in a directory; undefined where there is no Git, no repository, or the command fails. Takes no
 * locks, so that it never disturbs a Git of the user's. Of a diff above 32 MiB the start.
 */
export async function git(directory: string, args: readonly string[]): Promise<string | undefined> {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' }
  const options = { cwd: directory, env, timeout: timeoutMs, maxBuffer: outputLimitBytes }
  return new Promise((resolve) => {
    execFile(gitProgram(), [...always, ...args], options, (error, stdout) => {
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

/** The name of the branch; undefined outside of a repository and before its first commit. */
export async function currentBranch(directory: string): Promise<string | undefined> {
  return (await git(directory, ['rev-parse', '--abbrev-ref', 'HEAD']))?.trim()
}

/** As far as it is used here. */
interface GitExports {
  readonly enabled: boolean
  getAPI(version: 1): {
    readonly git: { readonly path: string }
    readonly repositories: readonly { readonly rootUri: vscode.Uri }[]
  }
}

/** The program that VS Code's own Git support uses, which the user may have set. */
export function gitProgram(): string {
  return gitSupport()?.git.path ?? 'git'
}

/** The roots of the repositories that the source control view shows. */
export function knownRepositories(): readonly string[] {
  return gitSupport()?.repositories.map(({ rootUri }) => rootUri.fsPath) ?? []
}

function gitSupport(): ReturnType<GitExports['getAPI']> | undefined {
  const extension = vscode.extensions.getExtension<GitExports>('vscode.git')
  return extension?.isActive === true && extension.exports.enabled ? extension.exports.getAPI(1) : undefined
}
