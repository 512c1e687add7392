import { randomUUID } from 'node:crypto'
import type { ContextItem } from '../protocol/composer.ts'
import { inlinePart } from './attachment.ts'
import type { Attachment } from './attachment.ts'

/** Characters of a generated text (a diff, an output, a digest) that go along at the most. */
export const textLimit = 200_000

export interface NamedText {
  readonly kind: ContextItem['kind']
  readonly label: string
  readonly detail: string
  /** How the model sees it named, e.g. `changes.diff`. */
  readonly name: string
  readonly text: string
}

/**
 * A text that was made for the prompt. One that is too long keeps its start and says so, except for outputs,
 * whose end tells more.
 */
export function textAttachment({ kind, label, detail, name, text }: NamedText): Attachment {
  const kept = kind === 'terminal' ? keepEnd(text) : keepStart(text)
  return {
    item: { id: randomUUID(), kind, label, detail, size: Buffer.byteLength(kept) },
    parts: [inlinePart(name, kept)],
  }
}

/** A text that is too long keeps its start and says so. */
export function keepStart(text: string): string {
  if (text.length <= textLimit) return text
  return `${text.slice(0, textLimit)}\n[… ${text.length - textLimit} more characters were left out]`
}

function keepEnd(text: string): string {
  if (text.length <= textLimit) return text
  return `[… ${text.length - textLimit} characters before this were left out]\n${text.slice(-textLimit)}`
}
