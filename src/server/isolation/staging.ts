import type { Git, GitCall } from './git.ts'

/** How an index of ours is brought in line with a working tree. */
export interface StageOptions {
  /** Goes before each command: `--git-dir` and the like. */
  readonly args: readonly string[]
  readonly call: GitCall
  /** Whether files that the index does not know yet are taken in; ignored ones never are. */
  readonly withNew: boolean
  /** Folders, from the top, of other repositories; nothing of them is taken in. */
  readonly except: readonly string[]
  /** Which of the files that changed are taken in; all of them when left out. Bytes stand for themselves. */
  readonly pick?: (paths: readonly string[]) => Promise<readonly string[]>
}

/**
 * Takes what changed in a working tree into an index. Unlike `git add` it never looks into repositories within
 * the tree: there git would follow configuration that anybody may have written.
 */
export async function stageWorkingTree(git: Git, options: StageOptions): Promise<void> {
  const { args, call, withNew } = options
  const run = async (command: readonly string[], input?: string): Promise<string> => {
    const bytes = input === undefined ? {} : { input: Buffer.from(input, 'latin1') }
    return (await git.read([...args, ...command], { ...call, ...bytes })).toString('latin1')
  }
  const { gone, changed } = readChanges(await run(['diff-files', '-z', '--ignore-submodules=all']))
  const found = withNew ? split(await run(['ls-files', '-z', '--others', '--exclude-standard'])) : []
  const except = options.except.map((path) => Buffer.from(path, 'utf8').toString('latin1'))
  const isOurs = (path: string): boolean =>
    // A name with a slash at the end is a repository within the tree.
    !path.endsWith('/') && !except.some((folder) => path === folder || path.startsWith(`${folder}/`))
  if (gone.length > 0) {
    // Not by `--remove`, which refuses what is beyond a folder that became a link.
    const lines = gone.map((path) => `0 ${'0'.repeat(40)}\t${path}\0`)
    await run(['update-index', '-z', '--index-info'], lines.join(''))
  }
  const ours = [...changed, ...found].filter(isOurs)
  const taken = options.pick ? await options.pick(ours) : ours
  if (taken.length > 0) {
    await run(
      ['update-index', '-z', '--add', '--replace', '--stdin'],
      taken.map((path) => `${path}\0`).join(''),
    )
  }
}

/** Reads raw `diff-files`: a line about the change, then the path. Bytes stand for themselves. */
function readChanges(text: string): {
  readonly gone: readonly string[]
  readonly changed: readonly string[]
} {
  const items = split(text)
  const gone: string[] = []
  const changed: string[] = []
  for (let index = 0; index + 1 < items.length; index += 2) {
    const [about = '', path = ''] = [items[index], items[index + 1]]
    if (about.endsWith('D')) gone.push(path)
    else changed.push(path)
  }
  return { gone, changed }
}

function split(text: string): readonly string[] {
  return text.split('\0').filter((item) => item !== '')
}
