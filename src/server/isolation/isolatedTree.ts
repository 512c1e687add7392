import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { lstat, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OpencodeError } from '../../opencode/errors.ts'
import { type ChangedFile, readChangedFiles } from './changedFiles.ts'
import type { Git, GitCall } from './git.ts'
import { type CreateOptions, buildTree } from './buildTree.ts'
import { ownEnvironment } from './ownGit.ts'
import { openRepository } from './repository.ts'
import { stageWorkingTree } from './staging.ts'
import { copyIndex } from './userSnapshot.ts'
import { type TreeRecord, placesOf, readRecord, treeFolder, writeRecord } from './treeRecord.ts'

/** All that differs between the beginning of an isolated tree and how it is now. */
export interface IsolatedChanges {
  /** Commits of the two sides; `result` equals `base` when nothing changed. */
  readonly base: string
  /** The tree object of the present state. */
  readonly tree: string
  readonly files: readonly ChangedFile[]
}

/**
 * A working tree apart from the user's, with a repository of its own that borrows the user's objects and never
 * writes there. What is inside may have been written by anybody: no git command of ours follows its
 * configuration, its hooks or its references, and its objects are only read as data.
 */
export class IsolatedTree {
  readonly folder: string
  #record: TreeRecord
  readonly #git: Git

  private constructor(git: Git, folder: string, record: TreeRecord) {
    this.#git = git
    this.folder = folder
    this.#record = record
  }

  /**
   * Makes a tree of a repository. On failure nothing is left behind.
   * @throws OpencodeError `no-repository`, `unsupported`, `conflict`, `disk-full`, `git-not-found`, `aborted`
   */
  static async create(git: Git, options: CreateOptions): Promise<IsolatedTree> {
    const repository = await openRepository(git, options.folder)
    const id = randomBytes(6).toString('hex')
    const folder = join(options.storage, id)
    try {
      const record = await buildTree(git, { repository, folder, id, options })
      return new IsolatedTree(git, folder, record)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** @throws OpencodeError `not-found` */
  static open(git: Git, folder: string): IsolatedTree {
    return new IsolatedTree(git, folder, readRecord(folder))
  }

  get record(): TreeRecord {
    return this.#record
  }

  get git(): Git {
    return this.#git
  }

  /** Top of the isolated working tree. */
  get root(): string {
    return treeFolder(this.folder, this.#record)
  }

  /** What the user's folder is in here: where sessions run. */
  get directory(): string {
    const { prefix } = this.#record
    return prefix === '' ? this.root : join(this.root, ...prefix.split('/'))
  }

  /** The objects of the user's repository, which a container has to see. */
  borrowedObjects(): readonly string[] {
    const text = readFileSync(join(placesOf(this.folder).git, 'objects', 'info', 'alternates'), 'utf8')
    return text.split('\n').filter((line) => line !== '')
  }

  /** Runs git on our own repository about the tree. */
  own(args: readonly string[], call: Partial<GitCall> = {}): Promise<Buffer> {
    const { git, home } = placesOf(this.folder)
    const tree = this.root
    const env = { ...ownEnvironment(home), ...call.env }
    return this.#git.read([`--git-dir=${git}`, `--work-tree=${tree}`, ...args], { cwd: tree, ...call, env })
  }

  async ownLine(args: readonly string[], call: Partial<GitCall> = {}): Promise<string> {
    return (await this.own(args, call)).toString('utf8').replace(/\n$/, '')
  }

  /** Looks at all files as they are now. */
  async changes(signal?: AbortSignal): Promise<IsolatedChanges> {
    const { base } = this.#record
    const tree = await this.#writeTree(signal)
    const args = ['diff-tree', '-r', '-z', '-M', '--raw', '--numstat', '--ignore-submodules=all']
    return { base, tree, files: readChangedFiles(await this.own([...args, base, tree], { signal })) }
  }

  /** A file as it was in the beginning; undefined when there was none. */
  async textOfBase(path: string): Promise<Buffer | undefined> {
    return this.own(['cat-file', 'blob', `${this.#record.base}:${path}`]).catch(() => undefined)
  }

  /** Remembers as what the changes went back. */
  async setBrought(broughtAs: NonNullable<TreeRecord['broughtAs']>): Promise<void> {
    this.#record = { ...this.#record, broughtAs }
    await writeRecord(this.folder, this.#record)
  }

  /** Deletes everything. @throws OpencodeError `forbidden` when files inside belong to somebody else */
  async remove(): Promise<void> {
    try {
      await rm(this.folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 })
    } catch (cause) {
      throw new OpencodeError(
        'forbidden',
        `The files of the isolated session could not all be deleted: ${this.folder}. Delete that folder by hand.`,
        { cause },
      )
    }
  }

  async #writeTree(signal: AbortSignal | undefined): Promise<string> {
    const { git, home, scratch } = placesOf(this.folder)
    const tree = this.root
    if (!(await isFolder(tree))) {
      throw new OpencodeError('not-found', `The files of the isolated session are gone: ${tree}.`)
    }
    const links = await this.#linksOfBase(signal)
    const call: GitCall = { cwd: tree, env: ownEnvironment(home), signal }
    const args = [`--git-dir=${git}`, `--work-tree=${tree}`]
    await stageWorkingTree(this.#git, { args, call, withNew: true, except: links.map(({ path }) => path) })
    if (links.length === 0) return this.ownLine(['write-tree'], { signal })
    // Links to other repositories stay what they were, in a second index: none of ours looks into them.
    await mkdir(scratch, { recursive: true })
    const index = join(scratch, 'index-with-links')
    await copyIndex(join(git, 'index'), index)
    const lines = links.map(({ commit, path }) => `160000 ${commit}\t${path}\0`)
    const env = { GIT_INDEX_FILE: index }
    await this.own(['update-index', '-z', '--index-info'], { input: lines.join(''), env, signal })
    const written = await this.ownLine(['write-tree'], { env, signal })
    await rm(index, { force: true })
    return written
  }

  async #linksOfBase(signal: AbortSignal | undefined): Promise<readonly Link[]> {
    if (!this.#record.lacks.includes('submodules')) return []
    const text = (await this.own(['ls-tree', '-r', '-z', this.#record.base], { signal })).toString('utf8')
    return text.split('\0').flatMap((line) => {
      const found = /^160000 commit ([0-9a-f]+)\t([\s\S]+)$/.exec(line)
      return found ? [{ commit: found[1] ?? '', path: found[2] ?? '' }] : []
    })
  }
}

interface Link {
  readonly commit: string
  readonly path: string
}

async function isFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  return found?.isDirectory() === true
}
