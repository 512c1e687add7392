import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Connection } from '../client/connection.ts'
import { propose } from '../client/paths/pathMap.ts'
import type { PathRule } from '../client/paths/pathMap.ts'

/** How a server sees a folder of this machine: at the same path, likely at another one, or nobody knows. */
export type FolderView =
  { readonly kind: 'same' } | { readonly kind: 'elsewhere'; readonly rule: PathRule | undefined }

/** Asks a server whose paths are not translated. Rejects when it does not say where it works. */
export async function viewOf(
  connection: Pick<Connection, 'places' | 'findFiles'>,
  folder: string,
): Promise<FolderView> {
  const gitRoot = await findGitRoot(folder)
  if (await sees(connection, folder, gitRoot)) return { kind: 'same' }
  const place = await connection.places.own()
  const rules = propose(place, [{ path: folder, ...(gitRoot === undefined ? {} : { gitRoot }) }])
  return rules?.length === 0 ? { kind: 'same' } : { kind: 'elsewhere', rule: rules?.[0] }
}

/** By the git root, which the server reads from its disk; else by a file that both should have. */
async function sees(
  connection: Pick<Connection, 'places' | 'findFiles'>,
  folder: string,
  gitRoot: string | undefined,
): Promise<boolean> {
  try {
    if (gitRoot !== undefined) return (await connection.places.of(folder)).worktree === gitRoot
    const entries = await readdir(folder, { withFileTypes: true })
    const name = entries.find((entry) => entry.isFile() && !entry.name.startsWith('.'))?.name
    if (name === undefined) return true
    const found = await connection.findFiles(folder, name, 20)
    return found.some((file) => file === name || file.endsWith(`/${name}`))
  } catch {
    return false
  }
}

async function findGitRoot(folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = path.dirname(at)) {
    if (await stat(path.join(at, '.git')).catch(() => undefined)) return at
    if (path.dirname(at) === at) return undefined
  }
}
