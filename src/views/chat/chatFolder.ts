import type { Folder } from '../../platform/folders.ts'
import type { ChatFolder } from '../../protocol/chat.ts'
import type { IsolatedSessions } from '../isolation/isolatedSessions.ts'

/**
 * The folder that a chat works in: a workspace folder, by default the first, or a directory apart from them.
 * Undefined in a window without folders.
 */
export function chatFolder(
  folders: readonly Folder[],
  directory: string | undefined,
  isolation: IsolatedSessions,
): ChatFolder | undefined {
  const [first] = folders
  if (!first) return undefined
  const known = directory === undefined ? first : folders.find((folder) => folder.directory === directory)
  if (known) return { name: known.name, directory: known.directory }
  return directory === undefined ? undefined : folderApart(directory, isolation)
}

function folderApart(directory: string, isolation: IsolatedSessions): ChatFolder {
  const task = isolation.at(directory)
  if (!task) return { name: baseName(directory), directory }
  const { branch, record } = task
  return {
    name: baseName(record.folder),
    directory,
    isolated: { branch, inContainer: record.kind === 'container' },
  }
}

function baseName(directory: string): string {
  return directory.split(/[\\/]/).findLast((name) => name !== '') ?? directory
}
