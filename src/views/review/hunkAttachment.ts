import { basename } from 'node:path'
import { createTwoFilesPatch } from 'diff'
import * as vscode from 'vscode'
import { textOf } from '../../review/content.ts'
import type { Hunk } from '../../review/hunks.ts'
import { linesIn } from '../../review/lines.ts'
import { spanIn } from '../../review/reviewedFile.ts'
import type { ReviewScope } from '../../review/reviewedFile.ts'
import { lineLabel } from '../../prompt/attachment.ts'
import type { Attachment } from '../../prompt/attachment.ts'
import { shortName } from '../../prompt/documentPlace.ts'
import { textAttachment } from '../../prompt/textPart.ts'
import type { PendingFile } from './reviewState.ts'

/** A change as a chip: the diff of one place, or of the whole file; named as a session in `directory` names it. */
export function hunkAttachment(
  { file, now }: PendingFile,
  scope: ReviewScope,
  hunk: Hunk | undefined,
  directory: string,
): Attachment {
  const span = spanIn(file, scope)
  const name = shortName(file.path, directory)
  const before = span?.before.kind === 'text' ? span.before.lines : []
  const lines = now.kind === 'text' ? now.lines : []
  const range = hunk && { start: hunk.now.start + 1, end: Math.max(hunk.now.end, hunk.now.start + 1) }
  const label = range ? `${basename(file.path)}:${lineLabel(range)}` : basename(file.path)
  const text = hunk
    ? hunkDiff(name, range ?? { start: 1, end: 1 }, {
        removed: linesIn(before, hunk.before),
        added: linesIn(lines, hunk.now),
      })
    : createTwoFilesPatch(name, name, textOf(span?.before ?? now) ?? '', textOf(now) ?? '')
  return textAttachment({
    kind: 'changes',
    label,
    detail: vscode.l10n.t('A change of OpenCode in {0}', name),
    name: `${basename(file.path)}.diff`,
    text,
  })
}

function hunkDiff(
  name: string,
  range: { readonly start: number; readonly end: number },
  { removed, added }: { readonly removed: readonly string[]; readonly added: readonly string[] },
): string {
  const head = `--- a/${name}\n+++ b/${name}\n@@ lines ${lineLabel(range)} as they are now @@\n`
  const body = [...removed.map((line) => `-${line}`), ...added.map((line) => `+${line}`)]
  return head + body.map((line) => (/[\r\n]$/.test(line) ? line : `${line}\n`)).join('')
}
