import { createHash } from 'node:crypto'
import { OpencodeError } from '../opencode/errors.ts'
import type { ContextItem } from '../protocol/composer.ts'
import type { Lines } from './follow.ts'
import type { PromptPart } from '../session/model.ts'
import { createBlockID } from './promptIds.ts'

/** A chip of the composer with what it sends. Plain data: drafts are stored with their attachments. */
export interface Attachment {
  readonly item: ContextItem
  readonly parts: readonly PromptPart[]
  /** Where the content came from, to look again before it is sent. */
  readonly source?: string
  /** Which text of which file this is, to tell whether the session has it already. */
  readonly content?: SentContent
  /** Set for lines of a document: they are followed until they are sent. */
  readonly anchor?: Anchor
  /** Set by hand: goes along in full although the session has it. */
  readonly isForced?: boolean
}

/** Lines as they were selected, and where they stand by now. */
export interface Anchor {
  /** URI of the document. */
  readonly uri: string
  readonly lines: Lines
  /** As it was when the lines were last known for certain. */
  readonly text: string
  /** The lines were removed; what is sent is the text as it was. */
  readonly isGone?: boolean
}

/** A file, or some lines of it, and a digest of the text. */
export interface SentContent {
  readonly key: string
  readonly digest: string
}

/** What a part maker must know of the server. */
export interface PromptTarget {
  /** Whether the server can read a file of this machine, given by its real path, from its own disk. */
  readonly sees: (path: string) => boolean
  /** The session's directory, for short labels. */
  readonly directory: string
  /** How the server names a path of this machine; the same when left out. */
  readonly toServer?: (path: string) => string
}

/** Larger bodies block a server for everybody who uses it. */
export const attachmentLimitBytes = 10 * 1024 * 1024

/** @throws OpencodeError `too-large` */
export function checkSize(name: string, bytes: number): void {
  if (bytes <= attachmentLimitBytes) return
  const size = (bytes / 1024 / 1024).toFixed(1)
  throw new OpencodeError(
    'too-large',
    `${name} has ${size} MiB; at most 10 MiB can be sent. Select a part of it.`,
  )
}

/** The first 16 hex digits of SHA-256: enough to tell two versions of a text apart. */
export function digestOf(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16)
}

export function inlinePart(
  name: string,
  content: Uint8Array | string,
  options: {
    readonly mime?: string
    readonly path?: string
    readonly lines?: { readonly start: number; readonly end: number }
  } = {},
): PromptPart {
  const bytes = Buffer.from(content)
  checkSize(name, bytes.byteLength)
  const { mime = 'text/plain', path, lines } = options
  return {
    type: 'inline',
    id: createBlockID(),
    name,
    mime,
    base64: bytes.toString('base64'),
    ...(path === undefined ? {} : { path }),
    ...(lines === undefined ? {} : { lines }),
  }
}

/** Words for the model that the transcript does not show. */
export function hiddenText(text: string): PromptPart {
  return { type: 'text', id: createBlockID(), text, synthetic: true }
}

/** `3` or `3–9`. */
export function lineLabel(lines: { readonly start: number; readonly end: number }): string {
  return lines.start === lines.end ? String(lines.start) : `${String(lines.start)}–${String(lines.end)}`
}
