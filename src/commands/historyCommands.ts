import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { lastUndoPoint } from '../session/undo.ts'
import { editPrompt, forkSession } from '../views/undo/editPrompt.ts'
import { redo, undo } from '../views/undo/undoFlow.ts'
import type { commandIds } from './commandIds.ts'
import { chatInSight } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'
import type { ChatSession } from '../views/chat/chatSession.ts'
import type { UndoPoint } from '../session/undo.ts'

type Name = keyof typeof commandIds

/** Undo, redo and fork of the session in sight. */
export const historyCommands = {
  undoPrompt: {
    whenRunning: async (context) => {
      const { chat, point } = await lastPrompt(context)
      await undo(context.services, chat, point)
    },
  },
  redoPrompts: {
    whenRunning: async (context) => redo(context.services, await chatInSight(context)),
  },
  editLastPrompt: {
    whenRunning: async (context) => {
      const { chat, point } = await lastPrompt(context)
      await editPrompt(context.services, chat, point.messageID)
    },
  },
  forkSession: {
    whenRunning: async (context) => forkSession(context.services, await chatInSight(context)),
  },
} satisfies Partial<Record<Name, CommandSpec>>

async function lastPrompt(
  context: CommandContext,
): Promise<{ readonly chat: ChatSession; readonly point: UndoPoint }> {
  const chat = await chatInSight(context)
  const { session } = chat.state
  const point = session && lastUndoPoint(session)
  if (point) return { chat, point }
  throw new OpencodeError('not-found', vscode.l10n.t('This session has no prompt that could be undone.'))
}
