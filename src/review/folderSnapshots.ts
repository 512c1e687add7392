import { access, constants, lstat, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, parse } from 'node:path'
import { OpencodeError, toErrorInfo } from '../opencode/errors.ts'
import type { Git, GitCall } from '../server/isolation/git.ts'
import { ownEnvironment } from '../server/isolation/ownGit.ts'
import { stageWorkingTree } from '../server/isolation/staging.ts'
import type { ProcessIdentity } from '../server/process/processTable.ts'
import type { UnknownChange } from './reviewLedger.ts'
import { openRepository } from './snapshotRepository.ts'
import { readTreeChanges } from './treeChanges.ts'
import type { TreeChange } from './treeChanges.ts'

/** The state of a folder at one time. */
export interface Snapshot {
  /** The name of a tree of git. */
  readonly tree: string
  /** Folders that hold no remembered file, from the top, with `/` at the end; what is in them is not told. */
  readonly bare: readonly string[]
  /** Files that are too large to be held, by their names from the top, each character a byte. */
  readonly large: ReadonlyMap<string, FileStamp>
}

interface FileStamp {
  /** Bytes. */
  readonly size: number
  /** Epoch ms. */
  readonly modified: number
}

/** What differs between two snapshots. */
export interface SnapshotChanges {
  readonly files: readonly SnapshotChange[]
  /** Those of which no content is held: large files, and links. */
  readonly unknown: readonly UnknownChange[]
}

/** A file that differs between two snapshots. `undefined` bytes: there was, or is, no file. */
export interface SnapshotChange {
  /** Absolute. */
  readonly path: string
  /** Where it was before, if it was moved. */
  readonly from?: string
  /** Whether it was, and is, a program, by its mode. */
  readonly wasExecutable: boolean
  readonly isExecutable: boolean
  readonly before: Buffer | undefined
  readonly after: Buffer | undefined
}

/** What a snapshot takes in at the most. Beyond it, what is known comes from the server alone. */
export interface SnapshotLimits {
  readonly files: number
  readonly fileBytes: number
  readonly totalBytes: number
  readonly timeMs: number
}

export const snapshotLimits: SnapshotLimits = {
  files: 50_000,
  fileBytes: 5 * 1024 * 1024,
  totalBytes: 1024 * 1024 * 1024,
  timeMs: 60_000,
}

export interface SnapshotOptions {
  readonly limits?: SnapshotLimits
  /** The window that remembers; this process, unless told. */
  readonly owner?: ProcessIdentity
}

/**
 * Remembers a folder as it is, byte for byte, in a repository of ours outside of it. What git ignores there is left
 * out. The folder, and a repository that it may be, are only read.
 */
export class FolderSnapshots {
  readonly directory: string
  readonly #git: Git
  readonly #home: string
  readonly #limits: SnapshotLimits
  readonly #owner: ProcessIdentity | undefined
  /** Files that were too large when they were last seen, from the top, each character a byte. */
  readonly #large = new Set<string>()
  #gitDir = ''
  #ready: Promise<string> | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** @param home where what is remembered of this folder is kept, for all windows; absolute */
  constructor(git: Git, directory: string, home: string, { limits, owner }: SnapshotOptions = {}) {
    this.directory = directory
    this.#git = git
    this.#home = home
    this.#limits = limits ?? snapshotLimits
    this.#owner = owner
  }

  /**
   * One after the other: they share an index.
   * @throws OpencodeError `too-large`, `unsupported`, `git-not-found`, `aborted` … and whatever git says
   */
  take(): Promise<Snapshot> {
    return this.#inTurn(async () => {
      this.#gitDir = await (this.#ready ??= this.#prepare().catch((error: unknown) => {
        this.#ready = undefined
        throw error
      }))
      for (const isLastTry of [false, true]) {
        try {
          return await this.#stage()
        } catch (error) {
          if (toErrorInfo(error).code !== 'internal') throw error
          // A file went away while it was read; if not, the index names objects that their owner removed.
          if (isLastTry) await rm(join(this.#gitDir, 'index'), { force: true })
        }
      }
      return this.#stage()
    })
  }

  /** What differs, with both contents. Other repositories are left out. */
  async changes(from: Snapshot, to: Snapshot): Promise<SnapshotChanges> {
    const unknown = await this.#largeChanges(from, to)
    if (from.tree === to.tree) return { files: [], unknown }
    const options = ['-r', '-z', '-M', '-l1000', '--raw', '--no-textconv']
    const args = [...this.#args, 'diff-tree', ...options, from.tree, to.tree]
    const all = readTreeChanges(await this.#git.read(args, this.#call()))
    const told = new Set(unknown.map(({ path }) => path))
    const changes = all.filter(({ path, isLink }) => !isLink && !told.has(this.#absolute(path)))
    const contents = await this.#blobs(changes.flatMap(({ before, after }) => [before, after]))
    // Borrowed objects may be tidied away by their owner: what cannot be read must not pass for "no file".
    const isRead = (blob: string | undefined): boolean => blob === undefined || contents.has(blob)
    const files = changes
      .filter(({ before, after }) => isRead(before) && isRead(after))
      .map((change) => this.#toChange(change, contents))
    const links = all.filter(({ isLink }) => isLink)
    return {
      files,
      unknown: [
        ...unknown,
        ...links.map(({ path }): UnknownChange => ({ path: this.#absolute(path), kind: 'link' })),
      ],
    }
  }

  /** A file as it was; undefined when there was none. `path` is absolute. */
  async contentAt(snapshot: Snapshot, path: string): Promise<Buffer | undefined> {
    const name = this.#relative(path)
    if (name === undefined) return undefined
    const { code, stdout } = await this.#git.run(
      [...this.#args, 'cat-file', 'blob', `${snapshot.tree}:${name}`],
      this.#call(),
    )
    return code === 0 ? stdout : undefined
  }

  /** The folders on the way to some files that were not there. All paths are absolute. */
  async missingFolders({ tree, bare }: Snapshot, paths: readonly string[]): Promise<readonly string[]> {
    const folders = new Set(paths.flatMap((path) => foldersOf(this.#relative(path) ?? '')))
    const asked = [...folders].filter((name) => !bare.some((folder) => `${name}/`.startsWith(folder)))
    if (asked.length === 0) return []
    const call = this.#call(asked.map((name) => `${tree}:${name}\n`).join(''))
    const output = await this.#git.read([...this.#args, 'cat-file', '--batch-check'], call)
    const answers = output.toString('utf8').split('\n')
    // Where a file was, there was no folder either.
    return asked
      .filter((_, index) => !/^\S+ tree /.test(answers[index] ?? ''))
      .map((name) => join(this.directory, name))
  }

  /** Whether a file is one of those that snapshots hold, be it there or not. `path` is absolute. */
  async covers(path: string, snapshot: Snapshot): Promise<boolean> {
    const name = this.#relative(path)
    if (name === undefined || snapshot.large.has(latin1(name)) || (await this.#isInOther(name))) return false
    const { code } = await this.#git.run([...this.#args, 'check-ignore', '-q', '--', name], this.#call())
    if (code !== 1) return false
    const found = await this.#stampOf(latin1(name))
    return found ? found.size <= this.#limits.fileBytes : !this.#large.has(latin1(name))
  }

  get #args(): readonly string[] {
    return ['--git-dir', this.#gitDir, '--work-tree', this.directory]
  }

  #call(input?: string): GitCall {
    const signal = AbortSignal.timeout(this.#limits.timeMs)
    const call = { cwd: this.directory, env: ownEnvironment(this.#home), signal }
    return input === undefined ? call : { ...call, input }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work)
    this.#last = mine.catch(() => undefined)
    return mine
  }

  async #stage(): Promise<Snapshot> {
    const call = this.#call()
    const large = new Map<string, FileStamp>()
    let total = 0
    const pick = async (paths: readonly string[]): Promise<readonly string[]> => {
      if (paths.length > this.#limits.files) throw tooLarge(this.directory)
      const taken: string[] = []
      await inBatches(paths, async (path) => {
        const found = await this.#stampOf(path)
        this.#large.delete(path)
        if (!found) return
        if (found.size <= this.#limits.fileBytes) {
          taken.push(path)
          total += found.size
        } else {
          this.#large.add(path)
          large.set(path, found)
        }
      })
      if (total > this.#limits.totalBytes) throw tooLarge(this.directory)
      return taken
    }
    await stageWorkingTree(this.#git, { args: this.#args, call, withNew: true, except: [], pick })
    const tree = await this.#git.line([...this.#args, 'write-tree'], call)
    return { tree, bare: await this.#bareFolders(call), large }
  }

  /** Their contents are not held, but that they came, went or were written can be seen. */
  async #largeChanges(from: Snapshot, to: Snapshot): Promise<readonly UnknownChange[]> {
    const names = [...new Set([...from.large.keys(), ...to.large.keys()])].filter((name) => {
      const [before, after] = [from.large.get(name), to.large.get(name)]
      return before?.size !== after?.size || before?.modified !== after?.modified
    })
    const sizeIn = async (snapshot: Snapshot, name: string): Promise<number | undefined> =>
      snapshot.large.get(name)?.size ?? (await this.contentAt(snapshot, this.#absolute(utf8(name))))?.length
    return Promise.all(
      names.map(async (name) => {
        const [before, after] = [await sizeIn(from, name), await sizeIn(to, name)]
        return {
          path: this.#absolute(utf8(name)),
          kind: 'large',
          ...(before === undefined ? {} : { before }),
          ...(after === undefined ? {} : { after }),
        }
      }),
    )
  }

  async #prepare(): Promise<string> {
    const { directory } = this
    const isThere = await stat(directory).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (!isThere || directory === homedir() || directory === parse(directory).root) {
      throw new OpencodeError('unsupported', `No snapshots are taken of ${directory}.`)
    }
    return openRepository({
      git: this.#git,
      directory,
      home: this.#home,
      owner: this.#owner,
      timeMs: this.#limits.timeMs,
    })
  }

  /** Empty ones, and those of which all is ignored. Git does not look into them. */
  async #bareFolders(call: GitCall): Promise<readonly string[]> {
    const found = await this.#git.read([...this.#args, 'ls-files', '-z', '--others', '--directory'], call)
    const names = found.toString('utf8').split('\0')
    return names.filter((name) => name.endsWith('/'))
  }

  /** Whether a file belongs to a repository within the folder; nothing of those is remembered. */
  async #isInOther(name: string): Promise<boolean> {
    const roots = foldersOf(name).map((folder) => lstat(join(this.directory, folder, '.git')))
    return (await Promise.allSettled(roots)).some(({ status }) => status === 'fulfilled')
  }

  /** Undefined where there is no file, or none that can be read. `name`: from the top, each character a byte. */
  async #stampOf(name: string): Promise<FileStamp | undefined> {
    const path = Buffer.concat([Buffer.from(`${this.directory}/`), Buffer.from(name, 'latin1')])
    try {
      const found = await lstat(path)
      if (found.isFile()) await access(path, constants.R_OK)
      else if (!found.isSymbolicLink()) return undefined
      return { size: found.size, modified: found.mtimeMs }
    } catch {
      return undefined
    }
  }

  /** `name` is from the top. */
  #absolute(name: string): string {
    return join(this.directory, name)
  }

  #relative(path: string): string | undefined {
    const folder = this.directory.replaceAll('\\', '/').replace(/\/$/, '')
    const wanted = path.replaceAll('\\', '/')
    return wanted.startsWith(`${folder}/`) ? wanted.slice(folder.length + 1) : undefined
  }

  #toChange(change: TreeChange, contents: ReadonlyMap<string, Buffer>): SnapshotChange {
    const content = (blob: string | undefined): Buffer | undefined =>
      blob === undefined ? undefined : contents.get(blob)
    return {
      path: this.#absolute(change.path),
      ...(change.from === undefined ? {} : { from: this.#absolute(change.from) }),
      wasExecutable: change.wasExecutable,
      isExecutable: change.isExecutable,
      before: content(change.before),
      after: content(change.after),
    }
  }

  async #blobs(ids: readonly (string | undefined)[]): Promise<ReadonlyMap<string, Buffer>> {
    const wanted = [...new Set(ids.filter((id) => id !== undefined))]
    if (wanted.length === 0) return new Map()
    const call = this.#call(wanted.map((id) => `${id}\n`).join(''))
    const output = await this.#git.read([...this.#args, 'cat-file', '--batch'], call)
    return readBatch(output)
  }
}

/** The folders that a file is in, from its own one up. A line end in a name could not be told from one of ours. */
function foldersOf(name: string): readonly string[] {
  const parts = name.split('/').slice(0, -1)
  const folders = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
  return folders.filter((folder) => !folder.includes('\n'))
}

/** `<id> blob <size>`, the content, a line end, and so on. */
function readBatch(output: Buffer): ReadonlyMap<string, Buffer> {
  const contents = new Map<string, Buffer>()
  let position = 0
  while (position < output.length) {
    const end = output.indexOf(0x0a, position)
    const [id = '', kind, size] = output.toString('latin1', position, end).split(' ')
    position = end + 1
    if (kind !== 'blob') continue
    contents.set(id, output.subarray(position, position + Number(size)))
    position += Number(size) + 1
  }
  return contents
}

const batch = 200

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let index = 0; index < items.length; index += batch)
    await Promise.all(items.slice(index, index + batch).map(work))
}

/** A name as git prints it, each byte a character; and back. */
function latin1(name: string): string {
  return Buffer.from(name, 'utf8').toString('latin1')
}

function utf8(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8')
}

function tooLarge(directory: string): OpencodeError {
  return new OpencodeError('too-large', `${directory} holds too many files to remember them all.`)
}
