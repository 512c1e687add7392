import { randomUUID } from 'node:crypto'
import { extname } from 'node:path'
import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { inlinePart } from './attachment.ts'
import type { Attachment } from './attachment.ts'
import { documentTypes, kindOf } from './filePart.ts'
import { textAttachment } from './textPart.ts'

/** Something pasted or dropped that has no file that we could reach. */
export interface PastedFile {
  readonly name: string
  readonly mime: string
  readonly base64: string
}

/**
 * A pasted picture, PDF or text file.
 *
 * @throws OpencodeError `too-large`, or `invalid-argument` for other binary files
 */
export function pastedFile({ name, mime, base64 }: PastedFile): Attachment {
  const bytes = Buffer.from(base64, 'base64')
  const type = documentTypes[extname(name).toLowerCase()] ?? (isDocument(mime) ? mime : 'text/plain')
  if (type === 'text/plain' && bytes.subarray(0, 8_000).includes(0)) {
    throw new OpencodeError(
      'invalid-argument',
      vscode.l10n.t('{0} is a binary file; only text, images and PDF files can be sent.', name),
    )
  }
  const part = inlinePart(name, bytes, { mime: type })
  const item = { id: randomUUID(), kind: kindOf(type), label: name, detail: name, size: bytes.byteLength }
  return { item, parts: [part] }
}

/** A long text that would hide what is being written. */
export function pastedText(text: string): Attachment {
  const lines = text.split('\n').length
  return textAttachment({
    kind: 'paste',
    label: vscode.l10n.t('Pasted text, {0} lines', lines),
    detail: text.slice(0, 300),
    name: 'pasted-text.txt',
    text,
  })
}

/** The text behind a chip of `pastedText`. */
export function textOfPaste({ parts }: Attachment): string {
  return parts
    .flatMap((part) => (part.type === 'inline' ? [Buffer.from(part.base64, 'base64').toString()] : []))
    .join('')
}

function isDocument(mime: string): boolean {
  return Object.values(documentTypes).includes(mime)
}
