/** One place that has two names: `host` is how this machine names it, `server` how the server does. */
export interface PathRule {
  readonly host: string
  readonly server: string
}

/** How the two sides write a path; needed because `\` is a separator on one and a letter on the other. */
type Style = 'posix' | 'windows'

interface Prefix {
  readonly from: string
  readonly to: string
}

/**
 * Translates paths between this machine and a server that sees the same files elsewhere (a container, WSL,
 * another machine). The longest matching rule wins; a rule matches whole path segments only; a path that no
 * rule knows stays as it is. A translated path is written with the separators of its new side.
 */
export class PathMap {
  readonly rules: readonly PathRule[]
  readonly #toServer: readonly Prefix[]
  readonly #toHost: readonly Prefix[]

  constructor(rules: readonly PathRule[]) {
    this.rules = rules
    this.#toServer = byLength(rules.map(({ host, server }) => ({ from: host, to: server })))
    this.#toHost = byLength(rules.map(({ host, server }) => ({ from: server, to: host })))
  }

  /** Whether both sides name everything the same, so that nothing needs to be translated. */
  get isIdentity(): boolean {
    return this.rules.every(({ host, server }) => trimEnd(host) === trimEnd(server))
  }

  toServer(path: string): string {
    return translate(path, this.#toServer)
  }

  toHost(path: string): string {
    return translate(path, this.#toHost)
  }

  /** Whether a rule covers this path of this machine, so that the server can see it. */
  coversHost(path: string): boolean {
    return this.#toServer.some(({ from }) => restBehind(path, from) !== undefined)
  }
}

export interface ServerPlace {
  /** Where the server says that it works: its directory. */
  readonly directory: string
  /** Root of the git work tree there; `/` or empty when there is none. */
  readonly worktree?: string
}

export interface HostFolder {
  readonly path: string
  /** Root of the git work tree that holds the folder. */
  readonly gitRoot?: string
}

/**
 * Guesses how the server names the folders of this window. Equal git roots say most, then equal ends of the
 * paths. Undefined when nothing fits; an empty list when both sides already use the same paths. It is a
 * proposal: equal names are no proof of equal files, so ask before using it.
 */
export function propose(place: ServerPlace, folders: readonly HostFolder[]): readonly PathRule[] | undefined {
  const roots = [place.directory, ...(isRoot(place.worktree) ? [] : [place.worktree ?? ''])].map(trimEnd)
  if (
    folders.some(
      ({ path, gitRoot }) => roots.includes(trimEnd(path)) || roots.includes(trimEnd(gitRoot ?? '')),
    )
  )
    return []
  const candidates = folders.flatMap((folder) => candidateRules(place, folder))
  const best = candidates.sort((a, b) => b.score - a.score)[0]
  return best && [best.rule]
}

interface Candidate {
  readonly rule: PathRule
  readonly score: number
}

/** Two paths are likely the same place when their last segments agree; the more of them, the likelier. */
function candidateRules(place: ServerPlace, folder: HostFolder): readonly Candidate[] {
  const found: Candidate[] = []
  const worktree = isRoot(place.worktree) ? undefined : place.worktree
  if (worktree !== undefined && folder.gitRoot !== undefined) {
    const shared = sharedEnd(worktree, folder.gitRoot)
    if (shared > 0) found.push({ rule: rule(folder.gitRoot, worktree), score: 100 + shared })
    // A mount point such as /workspace keeps no name; then the way from root to directory must be the same.
    const inside = restBehind(folder.path, folder.gitRoot)
    if (shared === 0 && inside !== undefined && sameSegments(inside, restBehind(place.directory, worktree))) {
      found.push({ rule: rule(folder.gitRoot, worktree), score: inside === '' ? 1 : 50 })
    }
  }
  const shared = sharedEnd(place.directory, folder.path)
  if (shared > 0) found.push({ rule: rule(folder.path, place.directory), score: 10 + shared })
  return found
}

function rule(host: string, server: string): PathRule {
  return { host: trimEnd(host), server: trimEnd(server) }
}

function sharedEnd(a: string, b: string): number {
  const [left, right] = [segments(a).reverse(), segments(b).reverse()]
  let count = 0
  while (
    count < Math.min(left.length, right.length) &&
    left[count]?.toLowerCase() === right[count]?.toLowerCase()
  )
    count++
  return count
}

function sameSegments(a: string, b: string | undefined): boolean {
  return b !== undefined && segments(a).join('/') === segments(b).join('/')
}

function isRoot(path: string | undefined): boolean {
  return path === undefined || path === '' || path === '/'
}

function segments(path: string): string[] {
  return path.split(styleOf(path) === 'windows' ? /[\\/]+/ : /\/+/).filter((part) => part !== '')
}

function translate(path: string, prefixes: readonly Prefix[]): string {
  for (const { from, to } of prefixes) {
    const rest = restBehind(path, from)
    if (rest !== undefined) return join(to, rest, styleOf(from))
  }
  return path
}

/** What follows a prefix: empty, or beginning with a separator. Undefined when the path is not below it. */
function restBehind(path: string, prefix: string): string | undefined {
  const style = styleOf(prefix)
  if (style !== styleOf(path) && style === 'windows') return undefined
  const start = trimEnd(prefix)
  const [whole, head] = style === 'windows' ? [foldWindows(path), foldWindows(start)] : [path, start]
  if (!whole.startsWith(head)) return undefined
  const rest = path.slice(start.length)
  if (rest === '' || isSeparator(rest[0], style)) return rest
  // The prefix is a root such as `/` or `C:\`, of which nothing is left to trim.
  return isSeparator(start.at(-1), style) ? `/${rest}` : undefined
}

function join(to: string, rest: string, from: Style): string {
  const target = styleOf(to)
  const plain = from === 'windows' ? rest.replaceAll('\\', '/') : rest
  const tail = target === 'windows' ? plain.replaceAll('/', '\\') : plain
  const head = trimEnd(to)
  if (tail === '') return head
  return isSeparator(head.at(-1), target) ? head.slice(0, -1) + tail : head + tail
}

/** Drive letters and `\\server\share`; everything else is POSIX, where `\` may stand in a name. */
function styleOf(path: string): Style {
  return /^(?:[a-z]:(?:[\\/]|$)|\\\\)/i.test(path) ? 'windows' : 'posix'
}

function isSeparator(letter: string | undefined, style: Style): boolean {
  return letter === '/' || (style === 'windows' && letter === '\\')
}

/** Windows compares without case and takes both separators; the length stays the same. */
function foldWindows(path: string): string {
  return path.replaceAll('/', '\\').replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Without separators at the end, but a root keeps the one it consists of. */
function trimEnd(path: string): string {
  if (styleOf(path) === 'posix') return path.replace(/(?<=.)\/+$/, '')
  const short = path.replace(/[\\/]+$/, '')
  return /^[a-z]:$/i.test(short) ? `${short}\\` : short
}

function byLength(prefixes: readonly Prefix[]): readonly Prefix[] {
  return [...prefixes].sort((a, b) => trimEnd(b.from).length - trimEnd(a.from).length)
}
