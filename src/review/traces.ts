import { chmod, rmdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes a file a program again, or no program any more; undefined: it stays as it is. Never rejects for a file that is gone. */
export async function restoreMode(path: string, isExecutable: boolean | undefined): Promise<void> {
  if (isExecutable === undefined) return
  const mode = await stat(path).then(
    (found) => found.mode,
    () => undefined,
  )
  // Whoever may read it may run it.
  if (mode !== undefined) await chmod(path, isExecutable ? mode | ((mode & 0o444) >> 2) : mode & ~0o111)
}

/** Removes the folders that a file was in, from its own one up, as long as they are empty and among `folders`. */
export async function removeEmptyFolders(path: string, folders: readonly string[]): Promise<void> {
  for (let folder = dirname(path); folders.includes(folder); folder = dirname(folder)) {
    const isGone = await rmdir(folder).then(
      () => true,
      () => false,
    )
    if (!isGone) return
  }
}
