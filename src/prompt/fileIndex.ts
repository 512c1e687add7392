import { relative, sep } from 'node:path'
import * as vscode from 'vscode'
import { gitFiles } from './git.ts'

const freshMs = 3_000
const fileLimit = 50_000
const ignoredLimit = 2_000

/**
 * The files of a directory as the user knows them: in a repository what Git does not ignore, elsewhere what
 * VS Code's search does not exclude. Asked anew when older than some seconds, so that fresh files show.
 */
export class FileIndex {
  readonly #known = new Map<string, { readonly at: number; readonly files: Promise<readonly string[]> }>()

  /** Relative paths with forward slashes. */
  async files(directory: string): Promise<readonly string[]> {
    const known = this.#known.get(directory)
    if (known && performance.now() - known.at < freshMs) return known.files
    const files = listFiles(directory)
    this.#known.set(directory, { at: performance.now(), files })
    return files
  }

  /** Also what is ignored, as far as its name may fit; the `.git` folder never. */
  async ignored(directory: string, query: string): Promise<readonly string[]> {
    const found = await vscode.workspace.findFiles(
      new vscode.RelativePattern(directory, looseGlob(query)),
      '**/.git/**',
      ignoredLimit,
    )
    return found.map((uri) => relativePath(directory, uri))
  }
}

/** The folders that hold some of the files, each with a slash at its end. */
export function foldersOf(files: readonly string[]): readonly string[] {
  const folders = new Set<string>()
  for (const file of files) {
    for (let end = file.lastIndexOf('/'); end > 0; end = file.lastIndexOf('/', end - 1)) {
      const folder = file.slice(0, end + 1)
      if (folders.has(folder)) break
      folders.add(folder)
    }
  }
  return [...folders]
}

/** A glob that lets through at least every path that the letters fit in their order, in whatever case. */
function looseGlob(query: string): string {
  const letters = Array.from(query.replaceAll(/[^\p{L}\p{N}_/-]/gu, '')).slice(0, 12)
  const segments = letters.join('').split('/')
  const globs = segments.map(
    (segment) => `*${Array.from(segment, (letter) => `${anyCase(letter)}*`).join('')}`,
  )
  return `**/${globs.join('/**/')}`
}

function anyCase(letter: string): string {
  const [low, high] = [letter.toLowerCase(), letter.toUpperCase()]
  return low === high ? letter : `[${low}${high}]`
}

async function listFiles(directory: string): Promise<readonly string[]> {
  const tracked = await gitFiles(directory)
  if (tracked) return tracked.slice(0, fileLimit)
  const found = await vscode.workspace.findFiles(
    new vscode.RelativePattern(directory, '**/*'),
    excludedGlob(),
    fileLimit,
  )
  return found.map((uri) => relativePath(directory, uri))
}

/** What the user keeps out of searches. */
function excludedGlob(): string {
  const globs = ['files.exclude', 'search.exclude'].flatMap((key) => {
    const value = vscode.workspace.getConfiguration().get<Readonly<Record<string, unknown>>>(key) ?? {}
    return Object.entries(value).flatMap(([glob, isOn]) => (isOn === true ? [glob] : []))
  })
  return `{${['**/.git/**', ...new Set(globs)].join(',')}}`
}

function relativePath(directory: string, uri: vscode.Uri): string {
  return relative(directory, uri.fsPath).split(sep).join('/')
}
