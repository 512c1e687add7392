import * as vscode from 'vscode'
import { filePath } from '../platform/folders.ts'
import type { Attachment } from './attachment.ts'
import { describeProblem } from './diagnosticsPart.ts'
import { shortName } from './documentPlace.ts'
import { textAttachment } from './textPart.ts'

/** Problems that a run brought up, as one chip. */
export function freshProblemsAttachment(
  files: readonly { readonly uri: vscode.Uri; readonly problems: readonly vscode.Diagnostic[] }[],
  directory: string,
): Attachment {
  const lines = files.flatMap(({ uri, problems }) =>
    problems.map((problem) => describeProblem(shortName(filePath(uri), directory), problem)),
  )
  return textAttachment({
    kind: 'problem',
    label:
      lines.length === 1 ? vscode.l10n.t('1 new problem') : vscode.l10n.t('{0} new problems', lines.length),
    detail: lines.slice(0, 12).join('\n'),
    name: 'problems.txt',
    text: `Problems that the editor reports since your last changes:\n${lines.join('\n')}\n`,
  })
}
