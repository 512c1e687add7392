import * as vscode from 'vscode'
import { OpencodeError, toErrorInfo } from '../../opencode/errors.ts'
import { modelRef } from '../../protocol/chat.ts'
import { lastUserMessage } from '../../session/selectors.ts'
import { needConnection, nothing, pathHere } from '../handlerParts.ts'
import type { HandlerContext, Picked } from '../handlerParts.ts'
import type { ChatSession } from '../chatSession.ts'
import { PathChecks } from './pathChecks.ts'

/** What the page may ask about the run of its session, and about what its text names. */
export function transcriptHandlers({ chat, run }: HandlerContext): Picked<'run/goOn' | 'paths/check'> {
  const paths = new PathChecks()
  return {
    'run/goOn': nothing(async ({ switchModel }) => {
      if (!switchModel) return goOn(chat)
      const before = modelRef(chat.state.choice)
      // The pick takes as long as the user likes; the page's call must not wait for it.
      void run('pickModel').then(async () => {
        const after = modelRef(chat.state.choice)
        const isSame = before?.modelID === after?.modelID && before?.providerID === after?.providerID
        if (!isSame) await goOn(chat).catch((error: unknown) => chat.setProblem(toErrorInfo(error)))
      })
    }),
    'paths/check': ({ links }) => {
      const directory = chat.needDirectory()
      const here = links.map((link) => ({ ...link, path: pathHere(chat, link.path) }))
      return Promise.all(here.map((link) => paths.check(link, directory)))
    },
  }
}

async function goOn(chat: ChatSession): Promise<void> {
  const { session, choice } = chat.state
  const prompt = session && lastUserMessage(session)
  if (!session || !prompt) {
    throw new OpencodeError(
      'not-found',
      vscode.l10n.t('This session has no prompt that could be asked again.'),
    )
  }
  const model = modelRef(choice)
  await needConnection(chat).runs.goOn(session.session.id, prompt, {
    ...(choice.agent ? { agent: choice.agent.name } : {}),
    ...(model ? { model } : {}),
  })
}
