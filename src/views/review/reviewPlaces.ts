import { sameContent } from '../../review/content.ts'
import type { Hunk } from '../../review/hunks.ts'
import { linesIn, sameLines } from '../../review/lines.ts'
import { spanIn } from '../../review/reviewedFile.ts'
import type { ReviewScope } from '../../review/reviewedFile.ts'
import type { PendingFile } from './reviewState.ts'

/** One place of a file, and the session whose change it is. */
export interface PlacedHunk {
  readonly pending: PendingFile
  readonly hunk: Hunk
}

export function hunksIn({ pending }: PendingFile): readonly Hunk[] {
  return pending.kind === 'hunks' ? pending.hunks : []
}

/** The places of one file that several sessions changed, from top to bottom. What two of them show is there once. */
export function placesOf(files: readonly PendingFile[], scope: ReviewScope): readonly PlacedHunk[] {
  const places: PlacedHunk[] = []
  for (const pending of files)
    for (const hunk of hunksIn(pending))
      if (!places.some((place) => isTwin(place, { pending, hunk }, scope))) places.push({ pending, hunk })
  return places.sort((a, b) => a.hunk.now.start - b.hunk.now.start || a.hunk.now.end - b.hunk.now.end)
}

/** The place at a line, else the next one below it, else the last. */
export function placeAt(places: readonly PlacedHunk[], line: number): PlacedHunk | undefined {
  return places.find(({ hunk: { now } }) => Math.max(now.end - 1, now.start) >= line) ?? places.at(-1)
}

/** The same place once the file has moved on; undefined when it is decided on or is not what it was. */
export function placeAgain(place: PlacedHunk, file: PendingFile, scope: ReviewScope): Hunk | undefined {
  const away = (hunk: Hunk): number => Math.abs(hunk.now.start - place.hunk.now.start)
  return hunksIn(file)
    .filter((hunk) => sameLines(removedLines({ pending: file, hunk }, scope), removedLines(place, scope)))
    .filter((hunk) => sameLines(addedLines({ pending: file, hunk }), addedLines(place)))
    .sort((a, b) => away(a) - away(b))[0]
}

/** Whether two sessions saw the same change in the same place. */
export function isTwin(one: PlacedHunk, other: PlacedHunk, scope: ReviewScope): boolean {
  const [a, b] = [one.hunk.now, other.hunk.now]
  return (
    a.start === b.start && a.end === b.end && sameLines(removedLines(one, scope), removedLines(other, scope))
  )
}

/** Whether two sessions saw the same change of a whole file. */
export function isSameChange(one: PendingFile, other: PendingFile, scope: ReviewScope): boolean {
  const [a, b] = [spanIn(one.file, scope), spanIn(other.file, scope)]
  return (
    a !== undefined && b !== undefined && sameContent(a.before, b.before) && sameContent(a.after, b.after)
  )
}

/** The lines of before the change. */
export function removedLines({ pending, hunk }: PlacedHunk, scope: ReviewScope): readonly string[] {
  const before = spanIn(pending.file, scope)?.before
  return before?.kind === 'text' ? linesIn(before.lines, hunk.before) : []
}

function addedLines({ pending: { now }, hunk }: PlacedHunk): readonly string[] {
  return now.kind === 'text' ? linesIn(now.lines, hunk.now) : []
}
