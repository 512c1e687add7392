import { sameLines, splitLines } from './lines.ts'
import { decodeText, encodeText } from './textForm.ts'
import type { TextForm } from './textForm.ts'

/** What stands, or does not stand, in a file. */
export type Content =
  | { readonly kind: 'missing' }
  | { readonly kind: 'text'; readonly lines: readonly string[]; readonly form: TextForm }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array }

export const missing: Content = { kind: 'missing' }

/** `undefined` stands for no file. */
export function contentOf(bytes: Uint8Array | undefined): Content {
  if (!bytes) return missing
  const read = decodeText(bytes)
  return read
    ? { kind: 'text', lines: splitLines(read.text), form: read.form }
    : { kind: 'binary', bytes: Buffer.from(bytes) }
}

/** The bytes that a file must have; undefined: there must be none. */
export function bytesOf(content: Content): Buffer | undefined {
  switch (content.kind) {
    case 'missing':
      return undefined
    case 'text':
      return encodeText(content.lines.join(''), content.form)
    case 'binary':
      return Buffer.from(content.bytes)
  }
}

export function sameContent(a: Content, b: Content): boolean {
  if (a.kind === 'text' && b.kind === 'text') return a.form === b.form && sameLines(a.lines, b.lines)
  if (a.kind === 'binary' && b.kind === 'binary') return Buffer.compare(a.bytes, b.bytes) === 0
  return a.kind === 'missing' && b.kind === 'missing'
}

/** The text to show for a content; nothing for no file, undefined for a binary one. */
export function textOf(content: Content): string | undefined {
  if (content.kind === 'missing') return ''
  return content.kind === 'text' ? content.lines.join('') : undefined
}
