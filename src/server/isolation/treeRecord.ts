import { readFileSync } from 'node:fs'
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { OpencodeError } from '../../opencode/errors.ts'

/** `container`: tools run in a container. `worktree`: they run on this machine, only the files are apart. */
export type IsolationKind = 'container' | 'worktree'

/**
 * What an isolated session starts from: the last commit; that with the changes of tracked files; or with new
 * files too. Ignored files never come along.
 */
export type TreeBase = 'head' | 'changes' | 'changes-and-new'

/** What is remembered of an isolated tree, in a file of our own. */
export interface TreeRecord {
  readonly version: 1
  /** Also the name of the folder that holds all of it. */
  readonly id: string
  readonly kind: IsolationKind
  /** The user's folder that it was made for. */
  readonly folder: string
  /** Top of the user's working tree. */
  readonly root: string
  /** `folder` below `root`, with `/`, or empty. */
  readonly prefix: string
  /** Name of the branch inside, and outside once the changes are brought back as one. */
  readonly branch: string
  /** The commit that was checked out outside. */
  readonly head: string
  /** The commit that the tree began with: `head`, or one on top of it with the uncommitted changes. */
  readonly base: string
  /** Epoch milliseconds. */
  readonly created: number
  /** What of the repository is not in the tree. */
  readonly lacks: readonly TreeLack[]
  /** The commit that the user's branch was given last. */
  readonly broughtAs?: { readonly branch: string; readonly commit: string }
}

export type TreeLack = 'submodules' | 'lfs'

const fileName = 'record.json'

/** The parts of the folder of one tree. */
export function placesOf(folder: string) {
  return {
    /** Our own repository about it, which nothing inside can reach. */
    git: join(folder, 'git'),
    /** Stands in for the home directory, so that no configuration of the user is read. */
    home: join(folder, 'home'),
    /** For files of one operation. */
    scratch: join(folder, 'scratch'),
    /** Process id and start time of the window that uses it. */
    owner: join(folder, 'owner'),
  } as const
}

/**
 * What the server and its tools see and may change, with a `.git` of its own. The last part of the path names it
 * wherever a path is shown.
 */
export function treeFolder(folder: string, { root, branch }: Pick<TreeRecord, 'root' | 'branch'>): string {
  const project = basename(root)
    .replaceAll(/[^\w.-]+/g, '-')
    .slice(0, 40)
  return join(folder, 'tree', `${project}-${branch.replace(/^opencode[/-]/, '')}`)
}

/** Replaces the record in one step, so that no reader sees half of it. */
export async function writeRecord(folder: string, record: TreeRecord): Promise<void> {
  await mkdir(folder, { recursive: true })
  const next = join(folder, `${fileName}.new`)
  await writeFile(next, `${JSON.stringify(record, undefined, 2)}\n`)
  await rename(next, join(folder, fileName))
}

/** Small enough to be read at once. @throws OpencodeError `not-found` when there is none that can be read */
export function readRecord(folder: string): TreeRecord {
  const record = parse(readText(join(folder, fileName)))
  if (record) return record
  throw new OpencodeError('not-found', `There is no isolated session in ${folder}.`)
}

/** All records below a folder, oldest first; what cannot be read is left out. */
export async function listRecords(storage: string): Promise<readonly TreeRecord[]> {
  const names = await readdir(storage).catch(() => [])
  const found = names.map((name) => parse(readText(join(storage, name, fileName))))
  return found.filter((record) => record !== undefined).sort((a, b) => a.created - b.created)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function parse(text: string): TreeRecord | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

const texts = ['id', 'folder', 'root', 'prefix', 'branch'] as const

function isRecord(value: unknown): value is TreeRecord {
  if (typeof value !== 'object' || value === null) return false
  const data = value as Readonly<Record<string, unknown>>
  const hash = /^[0-9a-f]{40,64}$/
  return (
    data['version'] === 1 &&
    texts.every((name) => typeof data[name] === 'string') &&
    /^[a-z0-9-]+$/.test(String(data['id'])) &&
    (data['kind'] === 'container' || data['kind'] === 'worktree') &&
    [data['head'], data['base']].every((commit) => typeof commit === 'string' && hash.test(commit)) &&
    typeof data['created'] === 'number' &&
    Array.isArray(data['lacks'])
  )
}
