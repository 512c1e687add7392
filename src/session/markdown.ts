import type { AssistantMessage, Block, FileChange, Message, ToolBlock, UserMessage } from './model.ts'
import { turnsOf } from './selectors.ts'
import type { Turn } from './selectors.ts'
import type { SessionState } from './state.ts'

/** A whole session as a Markdown document: prompts as quotes below headings, answers as they were written. */
export function sessionToMarkdown(
  state: Pick<SessionState, 'messages' | 'session'>,
  facts: { readonly exported: string },
): string {
  const { session } = state
  const head = [`# ${oneLine(session.title) || 'OpenCode session'}`, '', `*${facts.exported}*`]
  return `${[...head, '', ...turnsOf(state).map((turn) => turnToMarkdown(turn))].join('\n')}\n`
}

/** One prompt with its answer. */
function turnToMarkdown({ prompt, answers }: Turn): string {
  const parts = [...(prompt ? [promptToMarkdown(prompt)] : []), ...answers.map(answerToMarkdown)]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** The turn that a message belongs to, as Markdown; undefined for an unknown message. */
export function messageToMarkdown(
  state: Pick<SessionState, 'messages' | 'session'>,
  messageID: string,
): string | undefined {
  const turn = turnsOf(state).find(
    ({ prompt, answers }) => prompt?.id === messageID || answers.some(({ id }) => id === messageID),
  )
  if (!turn) return undefined
  return turn.prompt?.id === messageID
    ? `${promptToMarkdown(turn.prompt)}\n`
    : `${turn.answers.map(answerToMarkdown).join('\n\n').trim()}\n`
}

function promptToMarkdown(message: UserMessage): string {
  const files = message.blocks.flatMap((block) => (block.type === 'file' ? [`- \`${block.name}\``] : []))
  const text = textOf(message)
  return ['## Prompt', ...(text === '' ? [] : [text]), ...(files.length > 0 ? [files.join('\n')] : [])].join(
    '\n\n',
  )
}

function answerToMarkdown(message: AssistantMessage): string {
  const parts = message.blocks.flatMap(blockToMarkdown)
  const error = message.error ? [`> **${message.error.name}** ${oneLine(message.error.message)}`] : []
  return [...parts, ...error].join('\n\n')
}

function textOf(message: Message): string {
  return message.blocks
    .flatMap((block) => (block.type === 'text' && block.synthetic !== true ? [block.text.trim()] : []))
    .filter((text) => text !== '')
    .join('\n\n')
}

function blockToMarkdown(block: Block): readonly string[] {
  switch (block.type) {
    case 'text':
      return block.synthetic === true || block.text.trim() === '' ? [] : [block.text.trim()]
    case 'reasoning':
      return block.text.trim() === ''
        ? []
        : [`<details><summary>Reasoning</summary>\n\n${block.text.trim()}\n\n</details>`]
    case 'tool':
      return [toolToMarkdown(block)]
    case 'file':
      return [`- \`${block.name}\``]
    case 'notice':
      return block.notice === 'patch' ? [] : [`*${oneLine(block.text)}*`]
  }
}

function toolToMarkdown(block: ToolBlock): string {
  const target = block.target ? ` ${code(block.target)}` : ''
  const state = block.status === 'completed' ? '' : ` (${block.status})`
  const head = `**${block.name}**${target}${state}`
  const changes = (block.files ?? []).flatMap(changeToMarkdown)
  const output = block.kind === 'shell' && block.output ? [fence(block.output.trimEnd(), '')] : []
  const error = block.error ? [fence(block.error, '')] : []
  return [head, ...changes, ...output, ...error].join('\n\n')
}

function changeToMarkdown({ patch }: FileChange): readonly string[] {
  return patch === undefined ? [] : [fence(patch.trimEnd(), 'diff')]
}

/** A fence longer than any in the text. */
function fence(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length))
  const ticks = '`'.repeat(longest + 1)
  return `${ticks}${language}\n${text}\n${ticks}`
}

function code(text: string): string {
  const line = oneLine(text)
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim()
}
