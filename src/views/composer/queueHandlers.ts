import { randomUUID } from 'node:crypto'
import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import type { SessionInbox } from '../../client/inbox.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import { refreshAttachments } from '../../prompt/refresh.ts'
import { modelRef } from '../../protocol/chat.ts'
import { promptMode } from '../../protocol/composer.ts'
import { needConnection, nothing } from '../chat/handlerParts.ts'
import type { HandlerContext, Picked } from '../chat/handlerParts.ts'
import { promptTarget } from './promptTarget.ts'
import { isSame } from '../../session/equal.ts'

type QueueMethods =
  | 'queue/add'
  | 'queue/update'
  | 'queue/move'
  | 'queue/remove'
  | 'queue/sendNow'
  | 'queue/resume'
  | 'inbox/cancel'
  | 'inbox/deliver'
  | 'inbox/edit'
  | 'inbox/resume'

/** What the page may do with the prompts that wait for the run to end. */
export function createQueueHandlers(context: HandlerContext): Picked<QueueMethods> {
  const { queue } = context.services.composer
  return {
    'queue/add': nothing(({ text, items }) => enqueue(context, text, items)),
    'queue/update': nothing(({ id, text }) => queue.update(id, text)),
    'queue/move': nothing(({ id, index }) => queue.move(id, index)),
    'queue/remove': nothing(({ id }) => queue.remove(id)),
    'queue/sendNow': nothing(({ id }) => queue.sendNow(id)),
    'queue/resume': nothing(() => context.chat.sessionID && queue.resume(context.chat.sessionID)),
    'inbox/cancel': nothing(({ messageID }) => takeBack(context, messageID)),
    'inbox/deliver': nothing(({ messageID, delivery }) => {
      const { inbox, sessionID } = needInbox(context)
      return inbox.redeliver(sessionID, messageID, delivery)
    }),
    'inbox/edit': nothing(({ messageID }) => editWaiting(context, messageID)),
    'inbox/resume': nothing(() => {
      const { inbox, sessionID } = needInbox(context)
      return inbox.resume(sessionID)
    }),
  }
}

function needInbox({ chat }: HandlerContext): {
  readonly inbox: SessionInbox
  readonly sessionID: SessionID
} {
  const { inbox } = needConnection(chat)
  if (inbox && chat.sessionID) return { inbox, sessionID: chat.sessionID }
  throw new OpencodeError('unsupported', vscode.l10n.t('This server keeps no prompts.'))
}

/** A prompt that has not left yet is taken out of the outbox, one that waits on the server out of its inbox. */
async function takeBack(context: HandlerContext, messageID: MessageID): Promise<void> {
  if (context.chat.backend.outbox.recall(messageID)) return
  const { inbox, sessionID } = needInbox(context)
  await inbox.cancel(sessionID, messageID)
}

/** The words of a prompt that waits go back into the composer, in front of what stands there. */
async function editWaiting(context: HandlerContext, messageID: MessageID): Promise<void> {
  const { chat, services } = context
  const waiting = chat.state.session?.messages.find(({ id }) => id === messageID)
  if (!waiting) throw new OpencodeError('not-found', vscode.l10n.t('This prompt does not wait any more.'))
  const words = waiting.blocks.flatMap((block) =>
    block.type === 'text' && block.synthetic !== true ? [block.text] : [],
  )
  await takeBack(context, messageID)
  const { drafts } = services
  const text = [...words, drafts.get(chat.draftKey).text].filter((part) => part !== '').join('\n')
  drafts.write(chat.draftKey, text)
}

/**
 * Whether the server is to keep a prompt. It knows no agent and no model of its own for one, and takes no command line:
 * those wait here, and all behind them as well, so that the order stays.
 */
function isServersToKeep({ chat, services }: HandlerContext, text: string): boolean {
  const { capabilities, choice, session } = chat.state
  if (capabilities?.queue !== true || !session || promptMode(text) === 'shell') return false
  if (services.composer.queue.state(session.session.id)) return false
  const { agent, model } = session.session
  const isSameAgent = choice.agent === undefined || choice.agent.name === agent
  return isSameAgent && isSame(modelRef(choice) ?? model, model)
}

async function enqueue(context: HandlerContext, text: string, items: readonly string[]): Promise<void> {
  const { chat, services } = context
  const { drafts, composer, history } = services
  const { draftKey, sessionID } = chat
  const directory = chat.needDirectory()
  // A command line takes nothing along; its chips stay for the next message.
  const taken = promptMode(text) === 'shell' ? [] : items
  const attachments = drafts.attachments(draftKey, taken)
  if (sessionID === undefined || (text.trim() === '' && attachments.length === 0)) {
    throw new OpencodeError('invalid-argument', vscode.l10n.t('There is nothing to send yet.'))
  }
  drafts.type(draftKey, text)
  if (isServersToKeep(context, text)) {
    const fresh = await refreshAttachments(attachments, promptTarget(chat.backend, directory))
    await chat.send(text, fresh, 'queue')
    drafts.sent(draftKey, { text, items: taken }, draftKey)
    await drafts.flush()
    return
  }
  const { choice } = chat.state
  const [agent, model] = [choice.agent?.name, modelRef(choice)]
  const added = composer.queue.add({
    id: randomUUID(),
    sessionID,
    directory,
    text,
    attachments,
    agent,
    model,
  })
  drafts.sent(draftKey, { text, items: taken }, draftKey)
  await added
  await Promise.all([drafts.flush(), history.add(directory, text)])
}
