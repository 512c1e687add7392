import * as vscode from 'vscode'
import type { OpencodeSessionsExports } from '../api/index.d.ts'
import { createExports } from './api/exports.ts'
import type { CommandContext } from './commands/commandSpec.ts'
import { registerCommands } from './commands/index.ts'
import { createCallers } from './compose/callers.ts'
import type { Callers } from './compose/callers.ts'
import { createChats } from './compose/chats.ts'
import { createAsks, createEditorTools, joinEditors } from './compose/editors.ts'
import { createPlatform } from './compose/platform.ts'
import { createServers } from './compose/servers.ts'
import { createServices } from './compose/services.ts'
import { createTrees } from './compose/trees.ts'

/** What host tests look into. */
export interface TestSeam extends CommandContext, Callers {
  readonly context: vscode.ExtensionContext
}

/** What `activate` returns: the API, and in a test host what its tests look into. */
export interface Exports extends OpencodeSessionsExports {
  readonly testSeam?: TestSeam
}

let end: (() => Promise<void>) | undefined

/**
 * Builds and connects everything. Nothing is started and nothing is sent before a chat is shown, a command
 * is run or another extension asks. Gives its parts away to tests in an extension host only.
 */
export function activate(context: vscode.ExtensionContext): Exports {
  const platform = createPlatform(context)
  const { store, credentials } = platform
  const servers = createServers(platform)
  const services = createServices(platform, servers)
  const chats = createChats(platform, services)
  const editorTools = createEditorTools(platform, services)
  const trees = createTrees(platform, services, { ...chats, editorTools })
  joinEditors(platform, services, chats)
  const callers = createCallers(platform)
  const { consents, executions } = callers
  const asks = createAsks(platform, services, { view: chats.view, executions })
  const { program } = servers
  const { review } = services
  const parts = { services, credentials, consents, program, review, ...chats, ...trees, ...asks }
  store.add(registerCommands(parts))

  end = async () => {
    const first = Promise.all([executions.close(), editorTools.close()])
    const leaving = servers.backends.leave(first)
    await Promise.all([services.drafts.flush(), services.review.flush(), services.desk.close(), leaving])
  }
  const exported = createExports({ services, consents, executions })
  if (context.extensionMode !== vscode.ExtensionMode.Test) return exported
  return { ...exported, testSeam: { ...parts, context, executions } }
}

/** VS Code waits five seconds at the most. */
export async function deactivate(): Promise<void> {
  const timeout = new Promise<void>((resolve) => setTimeout(resolve, 4_000))
  await Promise.race([end?.(), timeout])
}
