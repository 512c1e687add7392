import type * as vscode from 'vscode'
import { window } from 'vscode'
import { noEditor } from '../prompt/selectionPart.ts'
import type { commandIds } from './commandIds.ts'
import type { CommandSpec } from './commandSpec.ts'

type Name = keyof typeof commandIds

/** Questions at the cursor; those without a thread are about the newest one. */
export const inlineCommands = {
  inlineAsk: {
    async run({ inline }) {
      const editor = window.activeTextEditor
      if (!editor) throw noEditor()
      await inline.start(editor)
    },
  },
  submitInline: {
    async run({ inline }, [reply]) {
      // The first question is a comment that is being written, later ones are replies.
      if (Object(reply) === reply && 'mode' in Object(reply)) return inline.askFirst(reply)
      const { thread, text } = Object(reply) as Partial<vscode.CommentReply>
      if (thread && text !== undefined) await inline.ask(thread, text)
    },
  },
  acceptInline: { run: ({ inline }, [thread]) => inline.accept(thread) },
  discardInline: {
    async run({ inline }, [thread]) {
      inline.discard(thread)
      return Promise.resolve()
    },
  },
  openInlineSession: { run: ({ inline }, [thread]) => inline.openSession(thread) },
} satisfies Partial<Record<Name, CommandSpec>>
