import type { FileChange } from '../session/model.ts'
import { collect, compact, fields, number, word } from './reading.ts'

/** Larger patches are left out of the blocks; `turnDiff` gives them in full. */
export const patchLimit = 200_000

/** File changes as the server lists them for a turn. */
export function readFileDiffs(value: unknown): readonly FileChange[] {
  return collect(value, readFileDiff)
}

export function readFileDiff(value: unknown): FileChange | undefined {
  const wire = fields(value)
  const path = word(wire['file'])
  if (path === undefined) return undefined
  const patch = word(wire['patch'])
  const status = wire['status'] === 'added' || wire['status'] === 'deleted' ? wire['status'] : 'modified'
  return fileChange({
    path,
    patch,
    status,
    additions: number(wire['additions']),
    deletions: number(wire['deletions']),
  })
}

interface Change {
  readonly path: string
  readonly patch: string | undefined
  readonly status: FileChange['status']
  readonly additions?: number | undefined
  readonly deletions?: number | undefined
}

/** The change without a patch that is too large for a block. */
export function lighter(change: FileChange): FileChange {
  if ((change.patch?.length ?? 0) <= patchLimit) return change
  const { patch: _, ...rest } = change
  return rest
}

/** Completes a change: counts from the patch where the server gave none. */
export function fileChange(change: Change): FileChange {
  const counted = countLines(change.patch ?? '')
  return compact({
    path: change.path,
    patch: change.patch,
    additions: change.additions ?? counted.additions,
    deletions: change.deletions ?? counted.deletions,
    status: change.status,
  })
}

/** The patch of a file that did not exist before. */
export function newFilePatch(path: string, content: string): string {
  const lines = content.split('\n')
  const hasFinalNewline = lines.at(-1) === ''
  if (hasFinalNewline) lines.pop()
  if (lines.length === 0) return `--- /dev/null\n+++ ${path}\n`
  const body = lines.map((line) => `+${line}`).join('\n')
  const end = hasFinalNewline ? '\n' : '\n\\ No newline at end of file\n'
  return `--- /dev/null\n+++ ${path}\n@@ -0,0 +1,${lines.length} @@\n${body}${end}`
}

function countLines(patch: string): { additions: number; deletions: number } {
  let additions = 0
  let deletions = 0
  let isHunk = false
  for (const line of patch.split('\n')) {
    if (line.startsWith('@@')) isHunk = true
    else if (/^(Index: |diff --git )/.test(line)) isHunk = false
    else if (isHunk && line.startsWith('+')) additions++
    else if (isHunk && line.startsWith('-')) deletions++
  }
  return { additions, deletions }
}
