import { appendFile } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import type { Git, GitCall } from './git.ts'

/** What every repository of ours is set to: nothing is run, fetched or tidied up by itself. */
const settings = `[core]
\tautocrlf = false
\tfsmonitor = false
\thooksPath = ${devNull}
\tlongpaths = true
\tprotectHFS = true
\tprotectNTFS = true
\tuntrackedCache = false
[commit]
\tgpgSign = false
[diff]
\trenames = true
[gc]
\tauto = 0
[maintenance]
\tauto = false
`

export interface InitOptions {
  /** Bare: the folder itself; else its `.git`. */
  readonly isBare: boolean
  readonly format: string
  readonly author: { readonly name: string; readonly email: string }
  readonly home: string
  readonly signal: AbortSignal | undefined
}

/**
 * The environment in which git reads no configuration but that of the repository itself. A working tree that
 * others wrote may name filters, but then none is defined.
 */
export function ownEnvironment(home: string): Readonly<Record<string, string>> {
  return {
    HOME: home,
    USERPROFILE: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    GIT_CONFIG_GLOBAL: devNull,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
  }
}

/** Makes an empty repository of ours and returns its git directory. */
export async function initRepository(git: Git, folder: string, options: InitOptions): Promise<string> {
  const { isBare, format, author, home, signal } = options
  const call: GitCall = { cwd: home, env: ownEnvironment(home), signal }
  const kind = isBare ? ['--bare'] : []
  const sort = format === 'sha1' ? [] : [`--object-format=${format}`]
  await git.read(['init', '--quiet', '--template=', ...kind, ...sort, folder], call)
  const gitDir = isBare ? folder : join(folder, '.git')
  const user = `[user]\n\tname = ${quote(author.name)}\n\temail = ${quote(author.email)}\n`
  const bare = isBare ? '[core]\n\tbare = false\n' : ''
  await appendFile(join(gitDir, 'config'), settings + user + bare)
  return gitDir
}

function quote(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, String.raw`\$&`).replaceAll(/[\n\r\0]/g, ' ')}"`
}
