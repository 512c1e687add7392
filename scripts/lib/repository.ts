import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json. */
export const repositoryRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

/** Where the scripts keep what they fetch and build; ignored by git. */
export const cacheFolder = path.join(repositoryRoot, '.cache')

/** A path inside the repository. */
export function inRepository(...parts: readonly string[]): string {
  return path.join(repositoryRoot, ...parts)
}
