import { copyFile, lstat, mkdir, readlink, rename, rm, rmdir, symlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { OpencodeError } from '../../opencode/errors.ts'

/**
 * What stands at a place. `file`: a file or symbolic link, with what tells whether it was changed since.
 * `blocked`: something on the way is no folder, so nothing can stand there.
 */
export type Standing =
  | { readonly kind: 'missing' | 'folder' }
  | { readonly kind: 'blocked'; readonly by: string }
  | { readonly kind: 'file'; readonly mark: string }

/** Files to exchange in a folder. Paths are below `root`; each letter stands for a byte of the name. */
export interface FileSwap {
  readonly root: string
  readonly files: readonly {
    readonly path: string
    readonly isDeleted: boolean
    /** As it was when the exchange was prepared. */
    readonly standing: Standing | undefined
  }[]
  /** Holds the new files by the same paths. */
  readonly newFiles: string
  /** Where the old ones are kept until all is done. */
  readonly oldFiles: string
}

/** A path below a folder as the bytes that it consists of. */
function pathIn(folder: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`, 'utf8'), Buffer.from(path, 'latin1')])
}

export async function standingOf(root: string, path: string): Promise<Standing> {
  const parts = path.split('/')
  for (let length = 1; length < parts.length; length++) {
    const by = parts.slice(0, length).join('/')
    const found = await look(pathIn(root, by))
    if (!found) return { kind: 'missing' }
    if (!found.isDirectory()) return { kind: 'blocked', by }
  }
  const found = await look(pathIn(root, path))
  if (!found) return { kind: 'missing' }
  if (found.isDirectory()) return { kind: 'folder' }
  return { kind: 'file', mark: [found.ino, found.size, found.mtimeNs, found.mode].join('/') }
}

/**
 * Exchanges the files one by one by renaming, and takes back what it did when anything fails.
 * @throws OpencodeError `conflict` when a file is not as it was
 */
export async function swapFiles(swap: FileSwap): Promise<void> {
  const { root, files } = swap
  for (const { path, standing } of files) await check(root, path, standing)
  const undo: Undo = []
  try {
    // What goes makes room first: a folder may take the place of a file and the other way round.
    const sorted = [...files].sort((a, b) => (a.path < b.path ? 1 : -1))
    for (const [number, { path, standing }] of sorted.entries()) {
      if (standing?.kind === 'file') await takeAway(swap, { path, number }, undo)
    }
    for (const { path, isDeleted } of files) if (!isDeleted) await putIn(swap, path, undo)
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}

async function check(root: string, path: string, before: Standing | undefined): Promise<void> {
  const now = await standingOf(root, path)
  const isSame =
    now.kind === before?.kind && (now.kind !== 'file' || before.kind !== 'file' || now.mark === before.mark)
  if (isSame) return
  const name = Buffer.from(path, 'latin1').toString('utf8')
  throw new OpencodeError(
    'conflict',
    `The file ${name} was changed in the meantime, so nothing was applied. Try again.`,
  )
}

type Undo = (() => Promise<unknown>)[]

async function takeAway(
  { root, oldFiles }: FileSwap,
  { path, number }: { readonly path: string; readonly number: number },
  undo: Undo,
): Promise<void> {
  const [from, to] = [pathIn(root, path), pathIn(oldFiles, String(number))]
  await mkdir(oldFiles, { recursive: true })
  await move(from, to)
  undo.push(() => move(to, from))
  // Like git itself, leave no empty folders behind.
  for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) {
    const place = pathIn(root, folder)
    if (
      !(await rmdir(place).then(
        () => true,
        () => false,
      ))
    )
      return
    undo.push(() => mkdir(place))
  }
}

async function putIn({ root, newFiles }: FileSwap, path: string, undo: Undo): Promise<void> {
  const folders: string[] = []
  for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) folders.unshift(folder)
  for (const folder of folders) {
    const place = pathIn(root, folder)
    if ((await look(place))?.isDirectory() === true) continue
    await mkdir(place)
    undo.push(() => rmdir(place))
  }
  const to = pathIn(root, path)
  if (await look(to))
    throw new OpencodeError('conflict', `Something stands in the way at ${to.toString('utf8')}.`)
  await move(pathIn(newFiles, path), to)
  undo.push(() => rm(to))
}

/** Renames; between disks it copies beside the target first, so that no half file ever shows. */
async function move(from: Buffer, to: Buffer): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    const beside = Buffer.concat([to, Buffer.from('.opencode-new')])
    try {
      if ((await lstat(from)).isSymbolicLink()) await symlink(await readlink(from, 'buffer'), beside)
      else await copyFile(from, beside)
      await rename(beside, to)
    } finally {
      await rm(beside, { force: true })
    }
    await rm(from)
  }
}

async function look(path: Buffer) {
  return lstat(path, { bigint: true }).catch(() => undefined)
}

function parentOf(path: string): string {
  const folder = dirname(path)
  return folder === '.' ? '' : folder
}
