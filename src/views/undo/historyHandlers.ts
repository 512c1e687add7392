import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import type { Handlers, HostMethods } from '../../protocol/methods.ts'
import { messageToMarkdown } from '../../session/markdown.ts'
import type { ChatSession } from '../chat/chatSession.ts'
import type { Services } from '../services.ts'
import { editPrompt, forkAfter, forkAtPrompt } from './editPrompt.ts'
import { redo, undo } from './undoFlow.ts'

type HistoryMethod =
  'history/undo' | 'history/redo' | 'history/edit' | 'history/fork' | 'message/copyMarkdown'

/** What the tools of a message may ask for. */
export function historyHandlers(
  services: Services,
  chat: ChatSession,
): Pick<Handlers<HostMethods>, HistoryMethod> {
  return {
    'history/undo': async (point) => {
      await undo(services, chat, point)
      return undefined
    },
    'history/redo': async () => {
      await redo(services, chat)
      return undefined
    },
    'history/edit': async ({ messageID }) => {
      await editPrompt(services, chat, messageID)
      return undefined
    },
    'history/fork': async ({ messageID, from }) => {
      await (from === 'prompt' ? forkAtPrompt : forkAfter)(services, chat, messageID)
      return undefined
    },
    'message/copyMarkdown': async ({ messageID }) => {
      const state = chat.state.session
      const text = state && messageToMarkdown(state, messageID)
      if (text === undefined)
        throw new OpencodeError('not-found', vscode.l10n.t('This message is not in the session any more.'))
      await vscode.env.clipboard.writeText(text)
      return undefined
    },
  }
}
