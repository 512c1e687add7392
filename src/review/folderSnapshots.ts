import { appendFile, lstat, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, parse, resolve } from 'node:path'
import { OpencodeError } from '../opencode/errors.ts'
import type { Git, GitCall } from '../server/isolation/git.ts'
import { initRepository, ownEnvironment } from '../server/isolation/ownGit.ts'
import { stageWorkingTree } from '../server/isolation/staging.ts'
import { readTreeChanges } from './treeChanges.ts'
import type { TreeChange } from './treeChanges.ts'

/** The state of a folder at one time. */
export interface Snapshot {
  /** The name of a tree of git. */
  readonly tree: string
  /** Folders that hold no remembered file, from the top, with `/` at the end; what is in them is not told. */
  readonly bare: readonly string[]
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

/** Folders full of files that nobody writes by hand; a repository of the user's names its own ones. */
const excluded = ['node_modules/', '.venv/', '__pycache__/', '.DS_Store', '.cache/', '.git']
/** Whatever the folder's own attributes say, a file is taken byte for byte. */
const attributes = '* -text -eol -filter -ident -working-tree-encoding\n'

/**
 * Remembers a folder as it is, byte for byte, in a repository of ours outside of it. What git ignores there is left
 * out. The folder, and a repository that it may be, are only read.
 */
export class FolderSnapshots {
  readonly directory: string
  readonly #git: Git
  readonly #gitDir: string
  readonly #limits: SnapshotLimits
  /** Files that were too large when they were last seen, from the top, each character a byte. */
  readonly #large = new Set<string>()
  #ready: Promise<void> | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(git: Git, directory: string, gitDir: string, limits = snapshotLimits) {
    this.directory = directory
    this.#git = git
    this.#gitDir = gitDir
    this.#limits = limits
  }

  /**
   * One after the other: they share an index.
   * @throws OpencodeError `too-large`, `unsupported`, `git-not-found`, `aborted` … and whatever git says
   */
  take(): Promise<Snapshot> {
    return this.#inTurn(async () => {
      await (this.#ready ??= this.#prepare().catch((error: unknown) => {
        this.#ready = undefined
        throw error
      }))
      const call = this.#call()
      let total = 0
      const pick = async (paths: readonly string[]): Promise<readonly string[]> => {
        if (paths.length > this.#limits.files) throw tooLarge(this.directory)
        const sizes = await inBatches(paths, async (path) => (await this.#sizeOf(path)) ?? 0)
        total += sizes.reduce((sum, size) => sum + (size <= this.#limits.fileBytes ? size : 0), 0)
        if (total > this.#limits.totalBytes) throw tooLarge(this.directory)
        const taken = paths.filter((_, index) => (sizes[index] ?? 0) <= this.#limits.fileBytes)
        for (const path of paths) this.#large.add(path)
        for (const path of taken) this.#large.delete(path)
        return taken
      }
      await stageWorkingTree(this.#git, { args: this.#args, call, withNew: true, except: [], pick })
      const tree = await this.#git.line([...this.#args, 'write-tree'], call)
      return { tree, bare: await this.#bareFolders(call) }
    })
  }

  /** What differs, with both contents. Links and other repositories are left out. */
  async changes(from: Snapshot, to: Snapshot): Promise<readonly SnapshotChange[]> {
    if (from.tree === to.tree) return []
    const options = ['-r', '-z', '-M', '-l1000', '--raw', '--no-textconv']
    const args = [...this.#args, 'diff-tree', ...options, from.tree, to.tree]
    const changes = readTreeChanges(await this.#git.read(args, this.#call()))
    const contents = await this.#blobs(changes.flatMap(({ before, after }) => [before, after]))
    // Borrowed objects may be tidied away by their owner: what cannot be read must not pass for "no file".
    const isRead = (blob: string | undefined): boolean => blob === undefined || contents.has(blob)
    return changes
      .filter(({ before, after }) => isRead(before) && isRead(after))
      .map((change) => this.#toChange(change, contents))
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
    return asked
      .filter((_, index) => answers[index]?.endsWith(' missing') === true)
      .map((name) => join(this.directory, name))
  }

  /** Whether a file is one of those that snapshots hold, be it there or not. `path` is absolute. */
  async covers(path: string): Promise<boolean> {
    const name = this.#relative(path)
    if (name === undefined || (await this.#isInOther(name))) return false
    const { code } = await this.#git.run([...this.#args, 'check-ignore', '-q', '--', name], this.#call())
    if (code !== 1) return false
    const bytes = Buffer.from(name, 'utf8').toString('latin1')
    const size = await this.#sizeOf(bytes)
    return size === undefined ? !this.#large.has(bytes) : size <= this.#limits.fileBytes
  }

  get #args(): readonly string[] {
    return ['--git-dir', this.#gitDir, '--work-tree', this.directory]
  }

  #call(input?: string): GitCall {
    const signal = AbortSignal.timeout(this.#limits.timeMs)
    const call = { cwd: this.directory, env: ownEnvironment(dirname(this.#gitDir)), signal }
    return input === undefined ? call : { ...call, input }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work)
    this.#last = mine.catch(() => undefined)
    return mine
  }

  async #prepare(): Promise<void> {
    const { directory } = this
    const isThere = await stat(directory).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (!isThere || directory === homedir() || directory === parse(directory).root) {
      throw new OpencodeError('unsupported', `No snapshots are taken of ${directory}.`)
    }
    const isMade = await stat(join(this.#gitDir, 'info', 'attributes')).then(
      () => true,
      () => false,
    )
    if (isMade) await this.#tidy()
    else await this.#make()
  }

  /** What earlier windows remembered is needed no more, and a lock of theirs has nobody behind it. */
  async #tidy(): Promise<void> {
    await rm(join(this.#gitDir, 'index.lock'), { force: true })
    await this.#git.run([...this.#args, 'prune', '--expire=now'], this.#call())
  }

  async #make(): Promise<void> {
    const home = dirname(this.#gitDir)
    await rm(this.#gitDir, { recursive: true, force: true })
    await mkdir(home, { recursive: true, mode: 0o700 })
    const format = await this.#ask(['rev-parse', '--show-object-format'])
    await initRepository(this.#git, this.#gitDir, {
      isBare: true,
      format: format || 'sha1',
      author: { name: 'OpenCode', email: 'opencode@localhost' },
      home,
      signal: AbortSignal.timeout(this.#limits.timeMs),
    })
    await mkdir(join(this.#gitDir, 'info'), { recursive: true })
    await appendFile(join(this.#gitDir, 'info', 'exclude'), `${excluded.join('\n')}\n`)
    await this.#borrowObjects()
    // Last, because it tells that all is made.
    await writeFile(join(this.#gitDir, 'info', 'attributes'), attributes)
  }

  /** What the user's repository holds is not stored twice. */
  async #borrowObjects(): Promise<void> {
    const objects = await this.#ask(['rev-parse', '--git-path', 'objects'])
    if (objects === '') return
    await mkdir(join(this.#gitDir, 'objects', 'info'), { recursive: true })
    const folder = resolve(this.directory, objects)
    await writeFile(join(this.#gitDir, 'objects', 'info', 'alternates'), `${folder}\n`)
  }

  /** Of the user's own repository; empty where there is none. */
  async #ask(args: readonly string[]): Promise<string> {
    const { code, stdout } = await this.#git.run(args, { cwd: this.directory })
    return code === 0 ? stdout.toString('utf8').trim() : ''
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

  /** Undefined where there is no file. `name`: from the top, each character a byte. */
  async #sizeOf(name: string): Promise<number | undefined> {
    const path = Buffer.concat([Buffer.from(`${this.directory}/`), Buffer.from(name, 'latin1')])
    return lstat(path).then(
      ({ size }) => size,
      () => undefined,
    )
  }

  #relative(path: string): string | undefined {
    const folder = this.directory.replaceAll('\\', '/').replace(/\/$/, '')
    const wanted = path.replaceAll('\\', '/')
    return wanted.startsWith(`${folder}/`) ? wanted.slice(folder.length + 1) : undefined
  }

  #toChange(change: TreeChange, contents: ReadonlyMap<string, Buffer>): SnapshotChange {
    const place = (name: string): string => join(this.directory, name)
    const content = (blob: string | undefined): Buffer | undefined =>
      blob === undefined ? undefined : contents.get(blob)
    return {
      path: place(change.path),
      ...(change.from === undefined ? {} : { from: place(change.from) }),
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

async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  for (let index = 0; index < items.length; index += batch) {
    results.push(...(await Promise.all(items.slice(index, index + batch).map(work))))
  }
  return results
}

function tooLarge(directory: string): OpencodeError {
  return new OpencodeError('too-large', `${directory} holds too many files to remember them all.`)
}
