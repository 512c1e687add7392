/** One file that differs between two trees. Paths are from their top, with `/`; blobs are names of git. */
export interface TreeChange {
  readonly path: string
  readonly from?: string
  /** Whether it was, and is, a program, by its mode. */
  readonly wasExecutable: boolean
  readonly isExecutable: boolean
  readonly before: string | undefined
  readonly after: string | undefined
  /** It is, or was, a link. Of a file that became one, the file is told instead: it is gone. */
  readonly isLink: boolean
}

/** Reads what `diff-tree -r -z -M --raw` prints. Other repositories are left out. */
export function readTreeChanges(output: Buffer): readonly TreeChange[] {
  const items = output.toString('utf8').split('\0')
  const changes: TreeChange[] = []
  let index = 0
  for (let about = items[0]; about?.startsWith(':') === true; about = items[index]) {
    const isPair = /[RC]\d*$/.test(about)
    const paths = items.slice(index + 1, index + (isPair ? 3 : 2))
    index += 1 + paths.length
    changes.push(...readChange(about, paths))
  }
  return changes
}

/** `:100644 100644 <before> <after> M`, and one path or, of a moved file, two. */
function readChange(about: string, paths: readonly string[]): readonly TreeChange[] {
  const [modeBefore = '', modeAfter = '', before, after, letter = ''] = about.slice(1).split(' ')
  const path = paths.at(-1)
  if (path === undefined || [modeBefore, modeAfter].some((mode) => /^16/.test(mode))) return []
  const isLink = modeBefore.startsWith('12') || (modeAfter.startsWith('12') && !modeBefore.startsWith('10'))
  const isExecutable = modeAfter === '100755'
  if (letter.startsWith('C'))
    return [{ path, wasExecutable: false, isExecutable, before: undefined, after: blobOf(after), isLink }]
  const moved = letter.startsWith('R') && paths[0] !== undefined ? { from: paths[0] } : {}
  return [
    {
      path,
      ...moved,
      wasExecutable: modeBefore === '100755',
      isExecutable,
      before: blobOf(before),
      after: modeAfter.startsWith('12') ? undefined : blobOf(after),
      isLink,
    },
  ]
}

function blobOf(name: string | undefined): string | undefined {
  return name === undefined || /^0+$/.test(name) ? undefined : name
}
