import { parsePatch } from 'diff'
import type { StructuredPatch } from 'diff'
import type { FileChange } from '../session/model.ts'
import { changesBetween, splitLines } from './lines.ts'

/** What a session did to one file on a machine whose files are not seen here, as its server tells it. */
export interface ServerChange {
  readonly path: string
  readonly status: FileChange['status']
  /** Undefined for a file without text, and where the server tells none. */
  readonly texts: ChangedTexts | undefined
}

/** All of the text of a file; empty where there was, or is, none. */
export interface ChangedTexts {
  readonly before: string
  readonly after: string
  readonly additions: number
  readonly deletions: number
}

/**
 * Joins what the server tells of several turns, the oldest first: each file as it was before the first of them and after
 * the last. A file that came and went, or is as it was, is left out.
 */
export function joinTurns(turns: readonly (readonly FileChange[])[]): readonly ServerChange[] {
  const files = new Map<string, ServerChange>()
  for (const change of turns.flat()) {
    const known = files.get(change.path)
    const joined = known ? join(known, change) : readChange(change)
    if (joined) files.set(change.path, joined)
    else files.delete(change.path)
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

function readChange(change: FileChange): ServerChange {
  const sides = sidesOf(change)
  return { path: change.path, status: change.status, texts: sides && texts(sides.before, sides.after) }
}

/** Undefined when nothing is left of it. */
function join(earlier: ServerChange, change: FileChange): ServerChange | undefined {
  const sides = sidesOf(change)
  const wasThere = earlier.status !== 'added'
  const isThere = change.status !== 'deleted'
  if (!wasThere && !isThere) return undefined
  const status = !wasThere ? 'added' : isThere ? 'modified' : 'deleted'
  const isText = earlier.texts !== undefined && sides !== undefined
  if (isText && status === 'modified' && earlier.texts.before === sides.after) return undefined
  const joined = isText ? texts(earlier.texts.before, sides.after) : undefined
  return { path: change.path, status, texts: joined }
}

function texts(before: string, after: string): ChangedTexts {
  const changes = changesBetween(splitLines(before), splitLines(after))
  const sum = (side: 'from' | 'to'): number =>
    changes.reduce((total, change) => total + change[side].end - change[side].start, 0)
  return { before, after, additions: sum('to'), deletions: sum('from') }
}

/** The patches of a turn hold all lines of a file, whether they changed or not. */
function sidesOf({ patch }: FileChange): { readonly before: string; readonly after: string } | undefined {
  const read = patch === undefined ? undefined : readPatch(patch)
  return read && { before: side(read, '+'), after: side(read, '-') }
}

function readPatch(text: string): StructuredPatch | undefined {
  try {
    return parsePatch(text).find(({ hunks }) => hunks.length > 0)
  } catch {
    return undefined
  }
}

function side({ hunks }: StructuredPatch, without: string): string {
  const lines = hunks.flatMap((hunk) => hunk.lines)
  const own = lines.flatMap((line, index) => {
    if (line.startsWith(without) || line.startsWith('\\')) return []
    // The line below says "No newline at end of file".
    return line.slice(1) + (lines[index + 1]?.startsWith('\\') === true ? '' : '\n')
  })
  return own.join('')
}
