import * as vscode from 'vscode'
import { OpencodeError } from '../opencode/errors.ts'
import { mcpServerOf } from '../views/server/serverTree.ts'
import type { commandIds } from './commandIds.ts'
import type { CommandSpec, RunningContext } from './commandSpec.ts'
import { addServer, change, logInTo, pickMcpServer } from './features/mcpServers.ts'
import { forgetAnswers } from './features/showFeatures.ts'
import { placeOf } from './providers/providerStates.ts'

type Name = keyof typeof commandIds

/** What the rows of the view "Server" offer; from the palette they ask for the MCP server first. */
export const serverViewCommands = {
  refreshServerView: {
    run: (context) => {
      context.serverTree.refresh()
      return Promise.resolve()
    },
  },
  connectMcpServer: mcpCommand((context, directory, name) =>
    change(context, directory, name, () => context.connection.features.connectMcp(directory, name)),
  ),
  disconnectMcpServer: mcpCommand((context, directory, name) =>
    change(context, directory, name, () => context.connection.features.disconnectMcp(directory, name)),
  ),
  logInToMcpServer: mcpCommand(logInTo),
  addMcpServer: {
    whenRunning: async (context) => {
      await addServer(context, await placeOf(context))
      context.serverTree.refresh()
    },
  },
  forgetAlwaysAnswers: { whenRunning: forgetAlways },
} satisfies Partial<Record<Name, CommandSpec>>

function mcpCommand(
  work: (context: RunningContext, directory: string, name: string) => Promise<void>,
): CommandSpec {
  return {
    whenRunning: async (context, [node]) => {
      const directory = await placeOf(context)
      const name = mcpServerOf(node) ?? (await pickMcpServer(context, directory))
      if (name === undefined) return
      try {
        await work(context, directory, name)
      } finally {
        context.serverTree.refresh()
      }
    },
  }
}

/** A single answer cannot be taken back: the server forgets all of a folder, or none. */
async function forgetAlways(context: RunningContext): Promise<void> {
  const forget = vscode.l10n.t('Forget')
  const question = vscode.l10n.t('Have OpenCode ask again for all that was allowed "always"?')
  const detail = vscode.l10n.t(
    'The server keeps these answers in its memory and lists none of them, so it can only forget all at once, also those that were given in the terminal. It loads its folders anew for that.',
  )
  const picked = await vscode.window.showWarningMessage(question, { modal: true, detail }, forget)
  if (picked !== forget) return
  if (context.backend.directories.length === 0)
    throw new OpencodeError('no-folder', vscode.l10n.t('Open a folder first.'))
  await forgetAnswers(context)
}
