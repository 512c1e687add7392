import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import type { commandIds } from './commandIds.ts'
import { chatInSight, uriOf } from './commandSpec.ts'
import type { CommandSpec } from './commandSpec.ts'

type Name = keyof typeof commandIds

/** Ways through a conversation. */
export const transcriptCommands = {
  findInTranscript: { run: async (context) => (await chatInSight(context)).tell('transcript/find', {}) },
  previousPrompt: {
    run: async (context) => (await chatInSight(context)).tell('transcript/step', { direction: -1 }),
  },
  nextPrompt: {
    run: async (context) => (await chatInSight(context)).tell('transcript/step', { direction: 1 }),
  },
  applyCode: { run: ({ services }, [uri]) => services.code.apply(uriOf(uri)) },
  discardCode: { run: ({ services }, [uri]) => services.code.discard(uriOf(uri)) },
  openTranscript: {
    async run(context) {
      const chat = await chatInSight(context)
      const session = chat.state.session?.session
      if (!session) throw new OpencodeError('not-found', vscode.l10n.t('There is no session on screen yet.'))
      await context.services.transcripts.show(session)
    },
  },
} satisfies Partial<Record<Name, CommandSpec>>
