/** One file that differs between two states. Paths are from the top of the working tree, with `/`. */
export interface ChangedFile {
  readonly path: string
  /** Where it was before, for renamed files. */
  readonly from?: string
  readonly status: 'added' | 'deleted' | 'modified' | 'renamed'
  /** Lines; 0 for binary files. */
  readonly additions: number
  readonly deletions: number
  readonly isBinary: boolean
  /** Whether it is now, or was, a symbolic link: to be looked at as such, not followed. */
  readonly isLink: boolean
}

interface Counts {
  readonly additions: number
  readonly deletions: number
  readonly isBinary: boolean
}

type Shape = Omit<ChangedFile, keyof Counts>

/** Reads what `diff-tree -r -z -M --raw --numstat` prints: all changes, then the counts of all. */
export function readChangedFiles(output: Buffer): readonly ChangedFile[] {
  const items = output.toString('utf8').split('\0')
  const next = (): string | undefined => items.shift()
  const files: Shape[] = []
  const counts = new Map<string, Counts>()
  for (let item = next(); item !== undefined; item = next()) {
    if (item.startsWith(':')) files.push(readChange(item, next))
    else if (item !== '') counts.set(...readCounts(item, next))
  }
  const none: Counts = { additions: 0, deletions: 0, isBinary: false }
  return files.map((file) => ({ ...file, ...(counts.get(file.path) ?? none) }))
}

/** `:100644 100644 <before> <after> M`, then one path or, of a renamed file, two. */
function readChange(about: string, next: () => string | undefined): Shape {
  const [before, after, , , letter = ''] = about.slice(1).split(' ')
  const status = statuses[letter.charAt(0)] ?? 'modified'
  const from = next() ?? ''
  const path = /^[RC]/.test(letter) ? (next() ?? '') : from
  const isLink = before === '120000' || after === '120000'
  return { path, status, isLink, ...(status === 'renamed' ? { from } : {}) }
}

/** `1<tab>2<tab>path`; the counts of a binary file are `-`, and of a renamed one both paths follow. */
function readCounts(item: string, next: () => string | undefined): [string, Counts] {
  const [added = '', removed = '', ...name] = item.split('\t')
  const isBinary = added === '-'
  const counts = {
    additions: isBinary ? 0 : Number(added),
    deletions: isBinary ? 0 : Number(removed),
    isBinary,
  }
  const path = name.join('\t')
  if (path !== '') return [path, counts]
  next()
  return [next() ?? '', counts]
}

const statuses: Readonly<Record<string, ChangedFile['status']>> = {
  A: 'added',
  C: 'added',
  D: 'deleted',
  R: 'renamed',
}
