import type { SessionAction } from '../../session/actions.ts'
import type { Block, Prompt, PromptPart, UserMessage } from '../../session/model.ts'
import type { OutboxEntry } from './outboxCodec.ts'

/** How large an image may be to be shown before the server has it (characters of its data URL). */
const previewLimit = 400_000

/** What shows a prompt of the outbox in the conversation. */
export function pendingActions(entry: OutboxEntry): readonly SessionAction[] {
  const { id } = entry.prompt
  const blocks = entry.prompt.parts.map((part): SessionAction => ({
    type: 'block/put',
    messageID: id,
    block: toBlock(part),
  }))
  return [{ type: 'message/put', message: pendingHead(entry) }, ...blocks]
}

/** What shows a prompt before there is a session that could hold it. */
export function pendingMessage(prompt: Prompt): UserMessage {
  const head = pendingHead({ prompt, state: 'waiting' })
  return { ...head, blocks: prompt.parts.map((part) => toBlock(part)) }
}

export function pendingHead({
  prompt,
  state,
  message,
}: Pick<OutboxEntry, 'prompt' | 'state' | 'message'>): Omit<UserMessage, 'blocks'> {
  return {
    id: prompt.id,
    role: 'user',
    created: prompt.created,
    ...(prompt.agent === undefined ? {} : { agent: prompt.agent }),
    ...(prompt.model === undefined ? {} : { model: prompt.model }),
    delivery: state === 'failed' ? { kind: 'failed', message: message ?? '' } : { kind: 'pending' },
    ...(prompt.delivery === 'queue' && state !== 'failed' ? { waits: 'queue' } : {}),
  }
}

function toBlock(part: PromptPart): Block {
  switch (part.type) {
    case 'text':
      return {
        type: 'text',
        id: part.id,
        text: part.text,
        open: false,
        ...(part.synthetic ? { synthetic: true } : {}),
      }
    case 'agent':
      return { type: 'notice', id: part.id, notice: 'agent', text: `@${part.name}` }
    case 'file':
      return { type: 'file', ...fileOf(part) }
    case 'inline': {
      const preview = `data:${part.mime};base64,${part.base64}`
      const isSmallImage = part.mime.startsWith('image/') && preview.length <= previewLimit
      return { type: 'file', ...fileOf(part), ...(isSmallImage ? { preview } : {}) }
    }
  }
}

type FilePart = Extract<PromptPart, { type: 'file' | 'inline' }>

function fileOf({
  id,
  mime,
  name,
  path,
  lines,
}: FilePart): Omit<Extract<Block, { type: 'file' }>, 'type' | 'preview'> {
  return { id, mime, name, ...(path === undefined ? {} : { path }), ...(lines ? { lines } : {}) }
}
