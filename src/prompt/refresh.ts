import * as vscode from 'vscode'
import { filePath } from '../platform/folders.ts'
import { hiddenText, inlinePart } from './attachment.ts'
import type { Anchor, Attachment, PromptTarget } from './attachment.ts'
import { exists } from './documentPlace.ts'
import { fileAttachment } from './filePart.ts'
import { findInChanges, findLines, followLines } from './follow.ts'
import { rangeAttachment, textOf } from './selectionPart.ts'

/**
 * Looks again at what refers to documents just before it is sent: lines where they stand by now, and what has
 * unsaved changes as the text on the screen, since the server would read the older text from the disk.
 */
export async function refreshAttachments(
  attachments: readonly Attachment[],
  target: PromptTarget,
): Promise<readonly Attachment[]> {
  return Promise.all(
    attachments.map((attachment) =>
      attachment.anchor
        ? refreshLines(attachment, attachment.anchor, target)
        : refreshFile(attachment, target),
    ),
  )
}

/** Where lines stand in a document now, if their text is still somewhere. */
export function locate(document: vscode.TextDocument, anchor: Anchor): Anchor {
  const isThere =
    anchor.lines.end <= document.lineCount && sameText(textOf(document, anchor.lines), anchor.text)
  if (isThere) return { uri: anchor.uri, lines: anchor.lines, text: anchor.text }
  const lines = findLines(document.getText(), anchor.text, anchor.lines.start)
  return lines ? { uri: anchor.uri, lines, text: anchor.text } : { ...anchor, isGone: true }
}

/** Where lines stand after edits; those that were removed are gone until something brings them back. */
export function followAnchor(
  document: vscode.TextDocument,
  anchor: Anchor,
  changes: readonly vscode.TextDocumentContentChangeEvent[],
): Anchor {
  const lines = anchor.isGone === true ? undefined : followLines(anchor.lines, changes)
  if (lines && lines.end <= document.lineCount)
    return { uri: anchor.uri, lines, text: textOf(document, lines) }
  const back = findInChanges(changes, anchor.text, anchor.lines.start)
  const isBack = back && back.end <= document.lineCount && sameText(textOf(document, back), anchor.text)
  return isBack ? { uri: anchor.uri, lines: back, text: anchor.text } : { ...anchor, isGone: true }
}

async function refreshLines(
  attachment: Attachment,
  anchor: Anchor,
  target: PromptTarget,
): Promise<Attachment> {
  const document = anchor.isGone === true ? undefined : await openDocument(anchor.uri)
  const now = document && locate(document, anchor)
  if (!now || now.isGone === true) return asItWas(attachment, anchor)
  const range = new vscode.Range(now.lines.start - 1, 0, now.lines.end - 1, Number.MAX_SAFE_INTEGER)
  const fresh = await rangeAttachment(document, document.validateRange(range), target)
  const { id, kind, label, mention } = attachment.item
  const name = kind === 'symbol' ? { label } : {}
  return {
    ...fresh,
    item: { ...fresh.item, id, kind, ...name, ...(mention === undefined ? {} : { mention }) },
  }
}

/** What was selected and is in no document any more goes as text, and says so. */
function asItWas(attachment: Attachment, { text }: Anchor): Attachment {
  const { item, content: _content, ...rest } = attachment
  const name = item.label
  return {
    ...rest,
    item,
    parts: [
      hiddenText(
        `${name}: these lines were selected and have been changed or removed since. This is how they were.`,
      ),
      inlinePart(name, text),
    ],
  }
}

async function refreshFile(attachment: Attachment, target: PromptTarget): Promise<Attachment> {
  const part = attachment.parts.find(({ type }) => type === 'file' || type === 'inline')
  if (part?.type === 'inline') return refreshText(attachment, target)
  if (part?.type !== 'file') return attachment
  const open = vscode.workspace.textDocuments.find(
    ({ isDirty, uri }) => isDirty && uri.scheme === 'file' && filePath(uri) === part.path,
  )
  if (open) return withItem(attachment, await fileAttachment(open.uri, target))
  return target.sees(part.path) && !(await exists(part.path)) ? withoutFile(attachment) : attachment
}

/** The text of a file as it is by now: the user may have typed on, or saved it. Without the file it stays as it was. */
async function refreshText(attachment: Attachment, target: PromptTarget): Promise<Attachment> {
  const { source, item } = attachment
  if (source === undefined || item.kind !== 'file') return attachment
  const uri = vscode.Uri.parse(source)
  const all = [...vscode.workspace.textDocuments, ...vscode.workspace.notebookDocuments]
  const isOpen = all.some((each) => each.uri.toString() === source)
  if (uri.scheme !== 'file' && !isOpen) return attachment
  const fresh = await fileAttachment(uri, target).catch(() => undefined)
  return fresh ? withItem(attachment, fresh) : attachment
}

/** The chip stays the same one, with the word of the text that stands for it. */
function withItem({ item: { id, mention } }: Attachment, fresh: Attachment): Attachment {
  return { ...fresh, item: { ...fresh.item, id, ...(mention === undefined ? {} : { mention }) } }
}

/** The server would look for it in vain. */
function withoutFile(attachment: Attachment): Attachment {
  const { item, content: _content, ...rest } = attachment
  return { ...rest, item, parts: [hiddenText(`${item.label} was attached here and is not there any more.`)] }
}

async function openDocument(uri: string): Promise<vscode.TextDocument | undefined> {
  const known = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri)
  if (known) return known
  try {
    return await vscode.workspace.openTextDocument(vscode.Uri.parse(uri, true))
  } catch {
    return undefined
  }
}

function sameText(left: string, right: string): boolean {
  return left.replaceAll('\r\n', '\n') === right.replaceAll('\r\n', '\n')
}
