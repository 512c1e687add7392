import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import type { RequestID } from '../../opencode/ids.ts'
import type { Request } from '../../session/model.ts'
import type { ChatSession } from '../chatSession.ts'
import { needConnection, nothing } from '../handlerParts.ts'
import type { HandlerContext, Picked } from '../handlerParts.ts'
import { absolutePath } from '../links.ts'

/** What the page may ask about edits that wait, and about those that met unsaved text. */
export function deskHandlers({
  chat,
  services: { answers, desk, documents },
}: HandlerContext): Picked<'permission/reply' | 'edit/settle' | 'conflict/answer' | 'diff/openRequest'> {
  return {
    'permission/reply': nothing(async ({ requestID, reply, message }) => {
      const request = findRequest(chat, requestID)
      if (reply !== 'reject') await desk.beforeAllow(requestID)
      const isOurs = await needConnection(chat).replyPermission(request, reply, message)
      if (isOurs && reply === 'always' && request.kind === 'permission') answers.add(chat.backend, request)
    }),
    'edit/settle': nothing(({ requestID, how }) => desk.settle(findRequest(chat, requestID).id, how)),
    'conflict/answer': nothing(({ path, how }) => desk.conflicts.answer(path, how)),
    'diff/openRequest': nothing(async ({ requestID }) => {
      const request = findRequest(chat, requestID)
      const proposal = await desk.proposals.need(requestID).catch(() => undefined)
      if (proposal) return desk.proposals.show(proposal)
      if (request.kind !== 'permission' || request.diff === undefined || request.path === undefined) {
        throw new OpencodeError('not-found', vscode.l10n.t('This request has no diff.'))
      }
      await documents.openProposed(absolutePath(request.path, request.directory), request.diff)
    }),
  }
}

/** @throws OpencodeError `not-found` */
export function findRequest({ state }: ChatSession, id: RequestID): Request {
  const request = state.session?.requests.find((each) => each.id === id)
  if (request) return request
  throw new OpencodeError('not-found', vscode.l10n.t('This request has been answered already.'))
}
