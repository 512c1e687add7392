import type { Prompt, PromptPart } from '../../session/model.ts'
import { checkSize, fileUrl } from '../promptContent.ts'
import type { Lines } from '../promptContent.ts'
import { compact } from '../reading.ts'
import type { AgentPartInput, FilePartInput, TextPartInput } from './wire.ts'

type PartInput = TextPartInput | FilePartInput | AgentPartInput

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
  checkSize(prompt)
  return prompt.parts.map(partInput)
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

/** Names the file and its lines for those who show the message; the mention has no place in our text. */
function source(
  path: string,
  part: { readonly name: string; readonly lines?: Lines },
): FilePartInput['source'] {
  const range = part.lines ? `#${part.lines.start}-${part.lines.end}` : ''
  return { type: 'file', path, text: { value: `@${part.name}${range}`, start: 0, end: 0 } }
}
