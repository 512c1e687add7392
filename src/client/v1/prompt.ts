import { pathToFileURL } from 'node:url'
import { OpencodeError } from '../../opencode/errors.ts'
import type { Prompt, PromptPart } from '../../session/model.ts'
import { compact } from './reading.ts'
import type { AgentPartInput, FilePartInput, TextPartInput } from './wire.ts'

type PartInput = TextPartInput | FilePartInput | AgentPartInput

/** Characters of all content together, for 10 MiB in base64: a server that reads a huge body answers nobody else. */
const contentLimit = Math.ceil((10 * 1024 * 1024 * 4) / 3)

/** The body of a prompt. Our own ids for message and parts make it repeatable. */
export function promptBody(prompt: Prompt): object {
  const { model } = prompt
  return compact({
    messageID: prompt.id,
    agent: prompt.agent,
    model: model && { providerID: model.providerID, modelID: model.modelID },
    variant: model?.variant,
    parts: promptParts(prompt),
  })
}

/** @throws OpencodeError `too-large` */
export function promptParts(prompt: Prompt): readonly PartInput[] {
  if (prompt.parts.reduce((size, part) => size + contentSize(part), 0) > contentLimit) {
    throw new OpencodeError(
      'too-large',
      'The prompt is larger than 10 MiB with its attachments. Remove some of them.',
    )
  }
  return prompt.parts.map(partInput)
}

function contentSize(part: PromptPart): number {
  if (part.type === 'inline') return part.base64.length
  return part.type === 'text' ? part.text.length : 0
}

function partInput(part: PromptPart): PartInput {
  switch (part.type) {
    case 'text':
      return compact({ type: 'text' as const, id: part.id, text: part.text, synthetic: part.synthetic })
    case 'agent':
      return { type: 'agent', id: part.id, name: part.name }
    case 'file':
      return {
        type: 'file',
        id: part.id,
        mime: part.mime,
        filename: part.name,
        url: fileUrl(part.path, part.lines),
        source: source(part.path, part),
      }
    case 'inline':
      return compact({
        type: 'file' as const,
        id: part.id,
        mime: part.mime,
        filename: part.name,
        url: `data:${part.mime};base64,${part.base64}`,
        source: part.path === undefined ? undefined : source(part.path, part),
      })
  }
}

type Lines = { readonly start: number; readonly end: number } | undefined

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

/** Names the file and its lines for those who show the message; the mention has no place in our text. */
function source(
  path: string,
  part: { readonly name: string; readonly lines?: Lines },
): FilePartInput['source'] {
  const range = part.lines ? `#${part.lines.start}-${part.lines.end}` : ''
  return { type: 'file', path, text: { value: `@${part.name}${range}`, start: 0, end: 0 } }
}
