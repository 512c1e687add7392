import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import type { RequestID } from '../../opencode/ids.ts'
import { freshProblemsAttachment } from '../../prompt/freshProblemsPart.ts'
import type { ProblemAnswer } from '../../protocol/desk.ts'
import type { Request } from '../../session/model.ts'
import type { ChatSession } from '../chat/chatSession.ts'
import { needConnection, nothing } from '../chat/handlerParts.ts'
import type { HandlerContext, Picked } from '../chat/handlerParts.ts'
import { absolutePath } from '../links.ts'
import type { ProblemWatch } from './newProblems.ts'

/** What the page may ask about edits that wait, and about those that met unsaved text. */
export function deskHandlers({
  chat,
  services: { answers, desk, documents },
}: HandlerContext): Picked<
  'permission/reply' | 'edit/settle' | 'conflict/answer' | 'problems/answer' | 'diff/openRequest'
> {
  return {
    'permission/reply': nothing(async ({ requestID, reply, message }) => {
      const request = findRequest(chat, requestID)
      if (reply !== 'reject') await desk.beforeAllow(requestID)
      const isOurs = await needConnection(chat).replyPermission(request, reply, message)
      if (isOurs && reply === 'always' && request.kind === 'permission') answers.add(chat.backend, request)
    }),
    'edit/settle': nothing(({ requestID, how }) => desk.settle(findRequest(chat, requestID).id, how)),
    'conflict/answer': nothing(({ path, how }) => desk.conflicts.answer(path, how)),
    'problems/answer': nothing(({ how }) => answerProblems(chat, desk.problems, how)),
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

async function answerProblems(chat: ChatSession, watch: ProblemWatch, how: ProblemAnswer): Promise<void> {
  const { sessionID } = chat
  const files = sessionID === undefined ? [] : watch.fresh(sessionID)
  const [first] = files
  if (!first || sessionID === undefined) return
  if (how === 'show') {
    const selection = first.problems[0]?.range
    await vscode.window.showTextDocument(first.uri, selection ? { selection } : {})
    await vscode.commands.executeCommand('workbench.actions.view.problems')
    return
  }
  if (how === 'fix') {
    const text = vscode.l10n.t('Fix the problems that came up with your last changes.')
    await chat.send(text, [freshProblemsAttachment(files, chat.needDirectory())])
  }
  watch.dismiss(sessionID)
}

/** @throws OpencodeError `not-found` */
export function findRequest({ state }: ChatSession, id: RequestID): Request {
  const request = state.session?.requests.find((each) => each.id === id)
  if (request) return request
  throw new OpencodeError('not-found', vscode.l10n.t('This request has been answered already.'))
}
