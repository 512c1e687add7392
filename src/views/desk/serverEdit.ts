import { isUtf8 } from 'node:buffer'
import { applyPatch, diffChars, diffLines, parsePatch } from 'diff'
import type { ChangeObject, StructuredPatch } from 'diff'
import { decodeText } from '../../review/textForm.ts'
import { hasSameLines } from './textMerge.ts'

/** Milliseconds. */
const timeout = 2_000

/** What the server would make of a file. */
export interface ServerEdit {
  /** The text in the characters that the file really has; undefined where it cannot be rebuilt. */
  readonly after: string | undefined
  /** OpenCode takes every file for UTF-8 and writes it so, which breaks this one. */
  readonly breaksEncoding: boolean
}

/**
 * Rebuilds an edit from the patch that the server shows.
 *
 * @param bytes what stands in the file; undefined: no file
 * @param base the text of these bytes, as an editor reads them
 */
export function rebuildEdit(
  bytes: Uint8Array | undefined,
  base: string | undefined,
  patch: string | undefined,
): ServerEdit {
  const seen = bytes === undefined ? '' : new TextDecoder('utf-8').decode(bytes)
  const written = patch === undefined ? undefined : patchedText(seen, patch)
  const breaksEncoding = bytes !== undefined && !readsAsUtf8(bytes)
  if (!breaksEncoding || base === undefined || written === undefined || hasSameLines(seen, base)) {
    return { after: written, breaksEncoding }
  }
  return { after: withCharacters(base, seen, written), breaksEncoding }
}

/** What the server did to a text as it read it, done to the text as it is. */
function withCharacters(base: string, seen: string, written: string): string {
  // Only where one character was read for each, e.g. not for UTF-16.
  const changes = base.length === seen.length ? changesOf(seen, written) : undefined
  if (!changes) return written
  let [at, after] = [0, '']
  for (const { added, removed, value } of changes) {
    if (added) after += value
    else {
      if (!removed) after += base.slice(at, at + value.length)
      at += value.length
    }
  }
  return after
}

/** By lines first, since a comparison by characters takes long; then by characters where both sides changed. */
function changesOf(seen: string, written: string): readonly ChangeObject<string>[] | undefined {
  const lines = diffLines(seen, written, { timeout })
  return lines?.flatMap((change, index) => {
    const [last, next] = [lines[index - 1], lines[index + 1]]
    if (change.added && last?.removed) return []
    if (!change.removed || !next?.added) return [change]
    return diffChars(change.value, next.value, { timeout }) ?? [change, next]
  })
}

/**
 * A text with a patch of the server's applied: one that may lack the indentation which all of its lines share, and
 * has line ends of its own. Undefined where it does not fit the text.
 */
export function patchedText(text: string, patch: string): string | undefined {
  try {
    const [parsed] = parsePatch(patch).filter(({ hunks }) => hunks.length > 0)
    const whole = parsed && indented(parsed, text.split(/\r?\n/))
    const after = whole ? applyPatch(text, whole, { autoConvertLineEndings: true }) : false
    return after === false ? undefined : after
  } catch {
    return undefined
  }
}

/** Whether a program that reads the bytes as UTF-8 gets the text that is meant. */
export function readsAsUtf8(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && decodeText(bytes)?.form.startsWith('utf16') !== true
}

/** The patch with the indentation that the lines of the text say it once had; undefined where they differ otherwise. */
function indented(patch: StructuredPatch, lines: readonly string[]): StructuredPatch | undefined {
  const width = cutWidth(patch, lines)
  if (width === undefined) return undefined
  if (width === 0) return patch
  const hunks = patch.hunks.map((hunk) => {
    const starts = [...placed(hunk, lines)].map(({ original }) => original?.slice(0, width))
    const indent = (at: number): string =>
      starts.slice(0, at).findLast(isIndent) ?? starts.slice(at).find(isIndent) ?? ''
    return {
      ...hunk,
      lines: [...placed(hunk, lines)].map(({ mark, content, original }, at) => {
        if (mark === '\\') return `${mark}${content}`
        if (original !== undefined) return `${mark}${original}${content.endsWith('\r') ? '\r' : ''}`
        return `${mark}${content.trim() === '' ? '' : indent(at)}${content}`
      }),
    }
  })
  return { ...patch, hunks }
}

/** How many characters were cut from the front of each line. */
function cutWidth({ hunks }: StructuredPatch, lines: readonly string[]): number | undefined {
  let width: number | undefined
  for (const hunk of hunks) {
    for (const { content, original } of placed(hunk, lines)) {
      const shown = content.replace(/\r$/, '')
      if (original === undefined || shown.trim() === '') continue
      const missing = original.length - shown.length
      if (!original.endsWith(shown) || original.slice(0, missing).trim() !== '') return undefined
      if (missing !== (width ??= missing)) return undefined
    }
  }
  return width ?? 0
}

interface PlacedLine {
  /** `+`, `-`, a space, or a backslash for a remark. */
  readonly mark: string
  readonly content: string
  /** The line of the text that it stands for; undefined for new ones. */
  readonly original: string | undefined
}

function* placed(hunk: StructuredPatch['hunks'][number], lines: readonly string[]): Generator<PlacedLine> {
  let at = Math.max(0, hunk.oldStart - 1)
  for (const line of hunk.lines) {
    const mark = line.charAt(0)
    const isOld = mark === ' ' || mark === '-'
    yield { mark, content: line.slice(1), original: isOld ? (lines[at++] ?? '') : undefined }
  }
}

function isIndent(start: string | undefined): start is string {
  return start !== undefined && start !== '' && start.trim() === ''
}
