import { diffLines } from 'diff'
import { takeBack } from '../../review/takeBack.ts'
import type { FileChange } from '../../session/model.ts'

/** What was done to one file, the newest change first. */
export interface ChangedFile {
  /** Absolute, on this machine. */
  readonly path: string
  readonly changes: readonly FileChange[]
  /** When the agent last wrote it, epoch ms. */
  readonly writtenAt: number
}

/** A file as it is on disk now; `unknown`: it is not on this machine. */
export type FileNow =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'file'; readonly text: string | undefined; readonly modified: number }

export interface PreviewFile {
  readonly path: string
  readonly effect: 'restored' | 'deleted' | 'created'
  readonly additions: number
  readonly deletions: number
  /** Both sides, where they could be worked out. */
  readonly sides: { readonly now: string | undefined; readonly then: string | undefined } | undefined
  /** It is no longer what the agent wrote: what came later is lost. */
  readonly isChangedSince: boolean
}

/** Clocks and file systems are coarse. */
const slackMs = 2_000

/** Works out what an undo makes of a file by taking its changes back one by one. */
export function previewFile(file: ChangedFile, now: FileNow): PreviewFile {
  const effect = effectOf(file)
  const sides = sidesOf(file, now, effect)
  const counted = sides ? countLines(sides.now ?? '', sides.then ?? '') : reversedCounts(file)
  return { path: file.path, effect, ...counted, sides, isChangedSince: isChangedSince(file, now, sides) }
}

/** As `previewFile` for bringing an undone change back: `change` is what the undo did. */
export function previewRedo(path: string, change: FileChange, undoneAt: number, now: FileNow): PreviewFile {
  return previewFile({ path, changes: [change], writtenAt: undoneAt }, now)
}

function effectOf({ changes }: ChangedFile): PreviewFile['effect'] {
  if (changes.at(-1)?.status === 'added') return 'deleted'
  return changes[0]?.status === 'deleted' ? 'created' : 'restored'
}

type Sides = NonNullable<PreviewFile['sides']>

function sidesOf({ changes }: ChangedFile, now: FileNow, effect: PreviewFile['effect']): Sides | undefined {
  if (now.kind === 'unknown' || changes.length === 0) return undefined
  const current = now.kind === 'file' ? now.text : ''
  if (current === undefined) return undefined
  if (effect === 'deleted') return { now: now.kind === 'file' ? current : undefined, then: undefined }
  const before = changes.reduce<string | undefined>(
    (text, { patch }) => (text === undefined ? undefined : takeBack(text, patch)),
    current,
  )
  return before === undefined ? undefined : { now: now.kind === 'file' ? current : undefined, then: before }
}

/** Deleted files are compared by their time alone, and so is what a patch cannot tell. */
function isChangedSince(
  { changes, writtenAt }: ChangedFile,
  now: FileNow,
  sides: Sides | undefined,
): boolean {
  if (now.kind === 'unknown') return false
  const shouldExist = changes[0]?.status !== 'deleted'
  if ((now.kind === 'file') !== shouldExist) return true
  if (now.kind !== 'file') return false
  if (now.modified > writtenAt + slackMs) return true
  const isReadable = now.text !== undefined && changes.every(({ patch }) => patch !== undefined)
  return isReadable && sides === undefined
}

function reversedCounts({ changes }: ChangedFile): {
  readonly additions: number
  readonly deletions: number
} {
  return {
    additions: changes.reduce((sum, { deletions }) => sum + deletions, 0),
    deletions: changes.reduce((sum, { additions }) => sum + additions, 0),
  }
}

function countLines(now: string, then: string): { readonly additions: number; readonly deletions: number } {
  let additions = 0
  let deletions = 0
  for (const part of diffLines(now, then, { timeout: 500 }) ?? []) {
    if (part.added) additions += part.count
    else if (part.removed) deletions += part.count
  }
  return { additions, deletions }
}
