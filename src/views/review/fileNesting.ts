import { basename, join, relative, sep } from 'node:path'
import { isWithin } from '../../util/paths.ts'
import type { PendingFile } from './reviewState.ts'

export type FileNode =
  | { readonly kind: 'file'; readonly file: PendingFile }
  | {
      readonly kind: 'folder'
      /** Absolute. */
      readonly path: string
      /** Folders with nothing but one folder in them are one node. */
      readonly name: string
      readonly children: readonly FileNode[]
    }

/** Files in the folders that they are in, from a directory on; folders first. Those outside stand by their path. */
export function nestFiles(files: readonly PendingFile[], directory: string): readonly FileNode[] {
  const inside = files.filter(({ file }) => isInside(file.path, directory))
  const outside = files.filter(({ file }) => !isInside(file.path, directory))
  return [...nest(inside, directory), ...outside.map((file): FileNode => ({ kind: 'file', file }))]
}

function nest(files: readonly PendingFile[], directory: string): readonly FileNode[] {
  const folders = new Map<string, PendingFile[]>()
  const own: FileNode[] = []
  for (const file of files) {
    const [head = '', ...rest] = relative(directory, file.file.path).split(sep)
    const inner = folders.get(head)
    if (rest.length === 0) own.push({ kind: 'file', file })
    else if (inner) inner.push(file)
    else folders.set(head, [file])
  }
  const nested = [...folders]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => folderNode(join(directory, name), inner))
  return [...nested, ...own]
}

function folderNode(path: string, files: readonly PendingFile[]): FileNode {
  const children = nest(files, path)
  const [only] = children
  if (children.length === 1 && only?.kind === 'folder')
    return { ...only, name: `${basename(path)}/${only.name}` }
  return { kind: 'folder', path, name: basename(path), children }
}

function isInside(path: string, directory: string): boolean {
  return path !== directory && isWithin(path, directory)
}
