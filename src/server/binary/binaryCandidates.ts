import { isAbsolute, join } from 'node:path'
import type { BinarySource, LocateOptions } from './binary.ts'
import { developmentPlaces, installPlaces } from './binaryPlaces.ts'
import { resolveSpawnable } from './binaryShim.ts'
import { readLoginPath } from './loginShell.ts'

/** A file that may be the program we look for. */
export interface Candidate {
  readonly path: string
  readonly source: BinarySource
  readonly searchPath?: string
}

/** 2.x installs an `opencode2` beside a 1.x that keeps the plain name. */
const names = ['opencode', 'opencode2']

/** Yields existing programs, best first, and writes down where it looked. Slow places are only asked when needed. */
export async function* candidatesOf(options: LocateOptions, looked: string[]): AsyncGenerator<Candidate> {
  const seen = new Set<string>()
  for await (const candidate of allCandidates(options, looked)) {
    if (seen.has(candidate.path)) continue
    seen.add(candidate.path)
    yield candidate
  }
}

async function* allCandidates(options: LocateOptions, looked: string[]): AsyncGenerator<Candidate> {
  const search = new Search(options, looked)
  const wanted = options.setting?.trim()
  if (wanted) {
    yield* fromSetting(search, wanted)
    return
  }
  const ownPath = searchPathOf(options)
  yield* search.on(ownPath, names, 'path')
  const loginPath = await loginPathOf(options)
  if (loginPath !== undefined) yield* search.on(loginPath, names, 'login-shell', loginPath)
  for (const directory of await installPlaces(options)) {
    const searchPath = joinPath([directory, ownPath], options.platform)
    yield* search.on(directory, names, 'install-place', searchPath)
  }
  if (options.developmentRoot === undefined) return
  for (const path of developmentPlaces(options.developmentRoot, options.platform)) {
    yield* search.at(path, 'development')
  }
}

async function* fromSetting(search: Search, wanted: string): AsyncGenerator<Candidate> {
  const { home } = search.options
  if (wanted.startsWith('~/') || wanted.startsWith('~\\'))
    yield* search.at(join(home, wanted.slice(2)), 'setting')
  else if (isAbsolute(wanted) || /[/\\]/.test(wanted)) yield* search.at(wanted, 'setting')
  else {
    yield* search.on(searchPathOf(search.options), [wanted], 'setting')
    const loginPath = await loginPathOf(search.options)
    if (loginPath !== undefined) yield* search.on(loginPath, [wanted], 'setting', loginPath)
  }
}

/** Looks for programs and remembers where. */
class Search {
  readonly options: LocateOptions
  readonly #looked: string[]

  constructor(options: LocateOptions, looked: string[]) {
    this.options = options
    this.#looked = looked
  }

  /** In each folder of a PATH. Relative folders are left out: they would mean something else for each project. */
  async *on(
    path: string,
    programs: readonly string[],
    source: BinarySource,
    searchPath?: string,
  ): AsyncGenerator<Candidate> {
    const directories = path.split(this.options.platform === 'win32' ? ';' : ':')
    const clean = directories.map((name) => name.replace(/^"(.*)"$/, '$1')).filter((name) => isAbsolute(name))
    for (const program of programs) {
      for (const directory of clean) yield* this.at(join(directory, program), source, searchPath)
    }
  }

  async *at(path: string, source: BinarySource, searchPath?: string): AsyncGenerator<Candidate> {
    if (!this.#looked.includes(path)) this.#looked.push(path)
    const found = isAbsolute(path) ? await resolveSpawnable(path, this.options.platform) : undefined
    if (found === undefined) return
    yield { path: found, source, ...(searchPath === undefined ? {} : { searchPath }) }
  }
}

function searchPathOf({ env, platform }: LocateOptions): string {
  if (platform !== 'win32') return env['PATH'] ?? ''
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH')
  return (name === undefined ? undefined : env[name]) ?? ''
}

async function loginPathOf(options: LocateOptions): Promise<string | undefined> {
  if (options.platform === 'win32') return undefined
  return readLoginPath(options.env, options.shellTimeoutMs)
}

function joinPath(parts: readonly string[], platform: NodeJS.Platform): string {
  return parts.filter((part) => part !== '').join(platform === 'win32' ? ';' : ':')
}
