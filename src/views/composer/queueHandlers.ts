import { randomUUID } from 'node:crypto'
import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import { modelRef } from '../../protocol/chat.ts'
import { promptMode } from '../../protocol/composer.ts'
import { nothing } from '../chat/handlerParts.ts'
import type { HandlerContext, Picked } from '../chat/handlerParts.ts'

type QueueMethods =
  'queue/add' | 'queue/update' | 'queue/move' | 'queue/remove' | 'queue/sendNow' | 'queue/resume'

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
  }
}

async function enqueue(
  { chat, services }: HandlerContext,
  text: string,
  items: readonly string[],
): Promise<void> {
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
