import type { Message, Session } from '../session/model.ts'
import type { Attachment } from './attachment.ts'
import { textAttachment } from './textPart.ts'

const digestLimit = 16_000
const promptLimit = 600
const answerLimit = 1_200

/** A past session in short: what was asked, what was done, how each turn ended. */
export function sessionAttachment(session: Session, messages: readonly Message[]): Attachment {
  return textAttachment({
    kind: 'session',
    label: session.title,
    detail: session.title,
    name: 'earlier-session.md',
    text: digest(session, messages),
  })
}

/** The newest turns count most: older ones are left out when there is no room. */
function digest(session: Session, messages: readonly Message[]): string {
  const turns = messages.map(describe).filter((text) => text !== '')
  const kept: string[] = []
  let length = 0
  for (const turn of turns.toReversed()) {
    if (length + turn.length > digestLimit && kept.length > 0) break
    kept.unshift(turn)
    length += turn.length
  }
  const left = turns.length - kept.length
  const head = `# Earlier session: ${session.title}\n\nA digest, not the whole conversation.`
  return [head, ...(left > 0 ? [`[… ${left} earlier messages were left out]`] : []), ...kept].join('\n\n')
}

function describe(message: Message): string {
  const words = message.blocks
    .flatMap((block) => (block.type === 'text' && block.synthetic !== true ? [block.text.trim()] : []))
    .filter((text) => text !== '')
    .join('\n')
  if (message.role === 'user') {
    const files = message.blocks.flatMap((block) => (block.type === 'file' ? [block.name] : []))
    const with_ = files.length > 0 ? `\n(with ${files.join(', ')})` : ''
    return words || with_ ? `## User\n${shorten(words, promptLimit)}${with_}` : ''
  }
  const tools = message.blocks.flatMap((block) =>
    block.type === 'tool'
      ? [`- ${block.name} ${block.target ?? ''} (${block.status})`.replace('  ', ' ')]
      : [],
  )
  const said = shorten(words, answerLimit)
  return [tools.join('\n'), said].some((part) => part !== '')
    ? ['## OpenCode', ...(tools.length > 0 ? [tools.join('\n')] : []), ...(said ? [said] : [])].join('\n')
    : ''
}

function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)} […]`
}
