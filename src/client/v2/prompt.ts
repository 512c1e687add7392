import type { ModelRef } from '../../opencode/catalog.ts'
import type { Prompt, PromptPart } from '../../session/model.ts'
import { checkSize, fileUrl } from '../promptContent.ts'
import { compact } from '../reading.ts'
import { hiddenName, promptMark } from './messages.ts'

/**
 * The body of a prompt. It has one text; what is only for the model goes along as a file without a chip. The ids of
 * our parts travel in the metadata, so that they stay the same blocks.
 * @throws OpencodeError `too-large`
 */
export function promptBody(prompt: Prompt): object {
  checkSize(prompt)
  const { parts } = prompt
  const texts = parts.flatMap((part) => (part.type === 'text' && part.synthetic !== true ? [part] : []))
  const files = parts.filter(
    (part) => part.type !== 'agent' && (part.type !== 'text' || part.synthetic === true),
  )
  const agents = parts.filter((part) => part.type === 'agent')
  const mark = {
    text: texts[0]?.id,
    files: files.map((part) => ({ id: part.id, name: part.type === 'text' ? hiddenName : part.name })),
    agents: agents.map(({ id }) => id),
  }
  return compact({
    id: prompt.id,
    text: texts.map((part) => part.text).join('\n\n'),
    files: files.length === 0 ? undefined : files.map(fileInput),
    agents: agents.length === 0 ? undefined : agents.map(({ name }) => ({ name })),
    delivery: prompt.delivery ?? 'steer',
    metadata: { [promptMark]: compact(mark) },
  })
}

/** Files of a prompt, for routes that take nothing else of it. */
export function promptFiles(prompt: Prompt): readonly object[] {
  checkSize(prompt)
  return prompt.parts.filter(({ type }) => type === 'file' || type === 'inline').map(fileInput)
}

function fileInput(part: PromptPart): object {
  switch (part.type) {
    case 'file':
      return { uri: fileUrl(part.path, part.lines), name: part.name }
    case 'inline':
      return compact({
        uri: `data:${part.mime};base64,${part.base64}`,
        name: part.name,
        description: part.path === undefined ? undefined : describe(part.path, part.lines),
      })
    case 'text':
      return { uri: `data:text/plain;base64,${Buffer.from(part.text).toString('base64')}`, name: hiddenName }
    case 'agent':
      return {}
  }
}

/** Says where inline content comes from, to the model and to us. */
function describe(path: string, lines: { readonly start: number; readonly end: number } | undefined): string {
  return lines ? `${path}#${lines.start}-${lines.end}` : path
}

export function modelInput({ providerID, modelID, variant }: ModelRef): object {
  return compact({ id: modelID, providerID, variant })
}

export function isSameModel(left: ModelRef | undefined, right: ModelRef): boolean {
  return (
    left?.providerID === right.providerID && left.modelID === right.modelID && left.variant === right.variant
  )
}
