import { effect } from '@preact/signals'
import type { ChatState } from '../protocol/chat.ts'
import type { Request } from '../session/model.ts'
import { isBusy, lastAssistantMessage } from '../session/selectors.ts'
import type { ChatStore } from './store.ts'

const answerLimit = 300

/**
 * Tells a screen reader what it cannot see happen: a request that waits, an answer that is complete, a
 * run that failed. The stream itself is not read out; the log holds it.
 */
export function announceChanges(store: ChatStore): () => void {
  let last: ChatState | undefined
  return effect(() => {
    const chat = store.chat.value
    const text = last && chat ? changeText(last, chat) : undefined
    last = chat
    if (text) store.announcement.value = text
  })
}

function changeText(before: ChatState, now: ChatState): string | undefined {
  if (!before.session || !now.session || before.session.session.id !== now.session.session.id)
    return undefined
  const request = now.session.requests[0]
  if (request && request.id !== before.session.requests[0]?.id) return requestText(request)
  if (now.session.error && now.session.error !== before.session.error) return now.session.error.message
  if (isBusy(before.session) && !isBusy(now.session)) return answerText(now)
  return undefined
}

function requestText(request: Request): string {
  if (request.kind === 'question') return `Question: ${request.questions[0]?.question ?? ''}`
  const subject = request.command ?? request.path ?? request.patterns[0] ?? ''
  return `Permission required: ${request.action} ${subject}. Press F6 to answer.`
}

function answerText(chat: ChatState): string {
  const message = chat.session && lastAssistantMessage(chat.session)
  const text = message?.blocks.findLast((block) => block.type === 'text')?.text.trim() ?? ''
  return text ? `OpenCode: ${text.slice(0, answerLimit)}` : 'OpenCode is done.'
}
