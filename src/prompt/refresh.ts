import * as vscode from 'vscode'
import type { Attachment, PromptTarget } from './attachment.ts'
import { fileAttachment } from './filePart.ts'
import { rangeAttachment } from './selectionPart.ts'

/**
 * Looks again at references to files just before they are sent: what has unsaved changes by now goes as
 * the text on the screen, since the server would read the older text from the disk.
 */
export async function refreshAttachments(
  attachments: readonly Attachment[],
  target: PromptTarget,
): Promise<readonly Attachment[]> {
  return Promise.all(attachments.map((attachment) => refresh(attachment, target)))
}

async function refresh(attachment: Attachment, target: PromptTarget): Promise<Attachment> {
  const part = attachment.parts.find(({ type }) => type === 'file')
  if (part?.type !== 'file') return attachment
  const open = vscode.workspace.textDocuments.find(
    (document) => document.isDirty && document.uri.scheme === 'file' && document.uri.fsPath === part.path,
  )
  if (!open) return attachment
  if (!part.lines) return fileAttachment(open.uri, target)
  const last = Math.min(part.lines.end, open.lineCount)
  const range = new vscode.Range(part.lines.start - 1, 0, last - 1, Number.MAX_SAFE_INTEGER)
  return rangeAttachment(open, open.validateRange(range), target)
}
