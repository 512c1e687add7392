import { fileURLToPath, pathToFileURL } from 'node:url'
import { OpencodeError } from '../opencode/errors.ts'
import type { Prompt, PromptPart } from '../session/model.ts'

/** Characters of all content together, for 10 MiB in base64: a server that reads a huge body answers nobody else. */
const contentLimit = Math.ceil((10 * 1024 * 1024 * 4) / 3)

/** @throws OpencodeError `too-large` */
export function checkSize(prompt: Prompt): void {
  if (prompt.parts.reduce((size, part) => size + contentSize(part), 0) > contentLimit) {
    throw new OpencodeError(
      'too-large',
      'The prompt is larger than 10 MiB with its attachments. Remove some of them.',
    )
  }
}

function contentSize(part: PromptPart): number {
  if (part.type === 'inline') return part.base64.length
  return part.type === 'text' ? part.text.length : 0
}

export type Lines = { readonly start: number; readonly end: number } | undefined

/** `file://` URL of a path on the server, which may be a Windows path while we run elsewhere. */
export function fileUrl(path: string, lines: Lines): string {
  const windows = /^([A-Za-z]:[\\/]|\\\\)/.test(path)
  if (!windows && !path.startsWith('/')) {
    throw new OpencodeError('invalid-argument', 'A file can only be sent with its absolute path.')
  }
  const url = pathToFileURL(path, { windows })
  if (lines) url.search = `?start=${lines.start}&end=${lines.end}`
  return url.href
}

/** The path in a `file:` URL of any system; undefined for another address. */
export function pathOfFileUrl(url: string): string | undefined {
  if (!url.startsWith('file://') || !URL.canParse(url)) return undefined
  const parsed = new URL(url)
  try {
    return fileURLToPath(parsed, { windows: /^\/[A-Za-z]:/.test(parsed.pathname) || parsed.host !== '' })
  } catch {
    return undefined
  }
}
