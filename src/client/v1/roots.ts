import type { SessionID } from '../../opencode/ids.ts'
import type { FileChange } from '../../session/model.ts'
import { fields, text, word } from '../reading.ts'
import type { V1Routes } from './routes.ts'

/** The server names the files of a diff from the root of the repository, whatever the session's folder. */
export class V1Roots {
  readonly #routes: V1Routes
  readonly #known = new Map<string, string>()

  constructor(routes: V1Routes) {
    this.#routes = routes
  }

  /** The same changes with absolute paths. */
  async resolve(sessionID: SessionID, changes: readonly FileChange[]): Promise<readonly FileChange[]> {
    if (changes.every(({ path }) => isAbsolute(path))) return changes
    const { body } = await this.#routes.ofSession('GET', sessionID, '')
    const root = await this.#rootOf(text(fields(body)['directory']) ?? '')
    return changes.map((change) =>
      isAbsolute(change.path) ? change : { ...change, path: join(root, change.path) },
    )
  }

  /** Outside of a repository the directory itself. */
  async #rootOf(directory: string): Promise<string> {
    const known = this.#known.get(directory)
    if (known !== undefined) return known
    const project = fields((await this.#routes.in(directory, 'GET', '/project/current')).body)
    const root = project['vcs'] === 'git' ? (word(project['worktree']) ?? directory) : directory
    this.#known.set(directory, root)
    return root
  }
}

function isAbsolute(path: string): boolean {
  return /^(?:[/\\]|[A-Za-z]:[/\\])/.test(path)
}

/** The server may run on another system than we do, so its own kind of separator is kept. */
function join(root: string, path: string): string {
  const isWindows = /^[A-Za-z]:|^\\\\/.test(root)
  return isWindows
    ? `${root.replace(/[\\/]$/, '')}\\${path.replaceAll('/', '\\')}`
    : `${root.replace(/\/$/, '')}/${path}`
}
