import { basename } from 'node:path'
import * as vscode from 'vscode'
import { textOf } from '../../review/content.ts'
import { spanIn } from '../../review/reviewedFile.ts'
import type { ReviewScope } from '../../review/reviewedFile.ts'
import { editorUri } from '../desk/texts.ts'
import type { ReviewDocuments } from './reviewDocuments.ts'
import type { PendingFile } from './reviewState.ts'

/**
 * Shows a file in VS Code's merge editor: what it was before OpenCode on one side, what the user made of it on the
 * other, and the file itself as the result. Nothing changes until the user takes something over. False where a file
 * has no text to merge. Editors without a merge editor show what it was and what it is.
 */
export async function openMerge(
  documents: ReviewDocuments,
  { file, now }: PendingFile,
  scope: ReviewScope,
): Promise<boolean> {
  const span = spanIn(file, scope)
  if (!span || now.kind !== 'text' || span.before.kind !== 'text') return false
  const put = (text: string | undefined): vscode.Uri => documents.put(file.path, text ?? '')
  const output = editorUri(file.path)
  const before = put(textOf(span.before))
  const sides = {
    base: put(textOf(span.after)),
    input1: {
      uri: before,
      title: vscode.l10n.t('Before OpenCode'),
      description: vscode.l10n.t('takes the change back'),
    },
    input2: {
      uri: put(textOf(now)),
      title: vscode.l10n.t('Your Text'),
      description: vscode.l10n.t('as it is now'),
    },
    output,
  }
  try {
    await vscode.commands.executeCommand('_open.mergeEditor', sides)
  } catch {
    const title = vscode.l10n.t('{0} (before OpenCode ↔ your text)', basename(file.path))
    await vscode.commands.executeCommand('vscode.diff', before, output, title)
  }
  return true
}
