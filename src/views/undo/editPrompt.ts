import { randomUUID } from 'node:crypto'
import * as vscode from 'vscode'
import { needAbility } from '../../opencode/abilities.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { MessageID } from '../../opencode/ids.ts'
import type { Attachment } from '../../prompt/attachment.ts'
import { createBlockID } from '../../prompt/promptIds.ts'
import type { FileBlock, PromptPart, UserMessage } from '../../session/model.ts'
import type { ChatSession } from '../chat/chatSession.ts'
import type { Services } from '../services.ts'
import { undo } from './undoFlow.ts'

/** Takes a prompt and all behind it back and puts its words into the composer, to be sent again. */
export async function editPrompt(services: Services, chat: ChatSession, messageID: MessageID): Promise<void> {
  const prompt = findPrompt(chat, messageID)
  const isDone = await undo(
    services,
    chat,
    { messageID },
    {
      title: vscode.l10n.t('Edit this prompt? What came after it is undone.'),
      confirm: vscode.l10n.t('Undo and Edit'),
    },
  )
  if (isDone) fillComposer(services, chat, prompt)
}

/** Goes on in a new session that has everything before a prompt, with its words in the composer. */
export async function forkAtPrompt(
  services: Services,
  chat: ChatSession,
  messageID: MessageID,
): Promise<void> {
  const prompt = findPrompt(chat, messageID)
  await fork(services, chat, messageID)
  fillComposer(services, chat, prompt)
}

/** Goes on in a new session that has everything up to and with a turn's answer. */
export async function forkAfter(services: Services, chat: ChatSession, messageID: MessageID): Promise<void> {
  const messages = chat.state.session?.messages ?? []
  const index = messages.findIndex(({ id }) => id === messageID)
  const next = index < 0 ? undefined : messages.slice(index + 1).find(({ role }) => role === 'user')
  await fork(services, chat, next?.id)
}

/** Goes on in a copy of the whole session. */
export async function forkSession(services: Services, chat: ChatSession): Promise<void> {
  await fork(services, chat, undefined)
}

async function fork(services: Services, chat: ChatSession, before: MessageID | undefined): Promise<void> {
  const { sessionID } = chat
  if (!sessionID) throw new OpencodeError('not-found', vscode.l10n.t('No session is open.'))
  const connection = await chat.backend.access.ensure()
  needAbility(connection, 'fork')
  const session = await connection.history.fork(sessionID, before)
  await services.choices.adopt(session.directory, session.id)
  await chat.show({ sessionID: session.id, directory: session.directory })
  services.notify.done(vscode.l10n.t('This is the fork "{0}".', session.title))
  chat.focus()
}

function findPrompt(chat: ChatSession, messageID: MessageID): UserMessage {
  const message = chat.state.session?.messages.find(({ id }) => id === messageID)
  if (message?.role === 'user') return message
  throw new OpencodeError('not-found', vscode.l10n.t('This message is not in the session any more.'))
}

/** What is being written already stays, behind the words that come back. */
function fillComposer({ drafts }: Services, chat: ChatSession, prompt: UserMessage): void {
  const key = chat.draftKey
  const text = prompt.blocks
    .flatMap((block) => (block.type === 'text' && block.synthetic !== true ? [block.text] : []))
    .join('\n\n')
  drafts.add(
    key,
    prompt.blocks.flatMap((block) => (block.type === 'file' ? (attachmentOf(block) ?? []) : [])),
  )
  drafts.write(key, [text, drafts.get(key).text].filter((part) => part !== '').join('\n'))
  chat.focus()
}

/** Content that the server alone has cannot be sent again. */
function attachmentOf(block: FileBlock): Attachment | undefined {
  const part = partOf(block)
  const kind = block.mime.startsWith('image/') ? 'image' : 'file'
  const item = { id: randomUUID(), kind, label: block.name, detail: block.path ?? block.name } as const
  return part && { item, parts: [part] }
}

function partOf({ name, mime, path, lines, preview }: FileBlock): PromptPart | undefined {
  const base64 = /^data:[^,]*;base64,(.*)$/s.exec(preview ?? '')?.[1]
  const id = createBlockID()
  if (base64 !== undefined) return { type: 'inline', id, name, mime, base64 }
  if (path === undefined) return undefined
  return { type: 'file', id, path, name, mime, ...(lines === undefined ? {} : { lines }) }
}
