import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { realDirectory } from '../platform/folders.ts'
import { isWithin, pathBelow } from '../util/paths.ts'
import { git, knownRepositories } from './git.ts'

/** A repository, or the part of one, in which changes are looked for. */
export interface ChangePlace {
  /** Where Git runs. */
  readonly root: string
  /** What leads to it from the session's directory, with a slash at its end; the whole path outside of it. */
  readonly prefix: string
  /** Which paths are meant, absolute or `.`. */
  readonly paths: readonly string[]
}

/** The repository that a directory is in, and those in folders of it. */
export async function placesIn(directory: string): Promise<readonly ChangePlace[]> {
  const own = (await rootOf(directory)) === undefined ? [] : [ownPlace(directory)]
  return [...own, ...(await nestedIn(directory, directory))]
}

/** What of the repository of a directory lies in this directory. */
export function ownPlace(directory: string): ChangePlace {
  return { root: directory, prefix: '', paths: ['.'] }
}

/**
 * The repositories of some files and folders, each with its own.
 *
 * @param paths absolute
 */
export async function placesOf(paths: readonly string[], directory: string): Promise<readonly ChangePlace[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const root = await rootOf(path)
      const own = root === undefined ? [] : [placeOf(root, path, directory)]
      return [...own, ...(await nestedIn(path, directory))]
    }),
  )
  const places = new Map<string, ChangePlace>()
  for (const place of found.flat()) {
    const known = places.get(place.root)
    places.set(place.root, { ...place, paths: [...(known?.paths ?? []), ...place.paths] })
  }
  return [...places.values()]
}

function placeOf(root: string, path: string, directory: string): ChangePlace {
  const isOwn = isWithin(directory, root) && isWithin(path, directory)
  if (isOwn) return { root: directory, prefix: '', paths: [path] }
  return { root, prefix: prefixOf(root, directory), paths: [path] }
}

async function nestedIn(path: string, directory: string): Promise<readonly ChangePlace[]> {
  const roots = await Promise.all(knownRepositories().map(realDirectory))
  return roots
    .filter((root) => pathBelow(root, path) !== undefined && pathBelow(root, directory) !== undefined)
    .map((root) => ({ root, prefix: prefixOf(root, directory), paths: ['.'] }))
}

function prefixOf(root: string, directory: string): string {
  return `${pathBelow(root, directory) ?? root.replaceAll('\\', '/').replace(/\/$/, '')}/`
}

/** The root of the repository that something is in; of what was deleted, that of the folder which is left. */
async function rootOf(path: string): Promise<string | undefined> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (await isFolder(folder))
      return (await git(folder, ['rev-parse', '--show-toplevel']))?.replace(/\r?\n$/, '')
    if (folder === dirname(folder)) return undefined
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}
