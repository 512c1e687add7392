import * as vscode from 'vscode'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'
import { accessCommands } from './accessCommands.ts'
import { chatCommands } from './chatCommands.ts'
import { registerCodeLens } from './editor/codeLens.ts'
import { containerCommands } from './containerCommands.ts'
import { commandIds } from './commandIds.ts'
import { runCommand } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'
import { deskCommands } from './deskCommands.ts'
import { editorCommands } from './editorCommands.ts'
import { historyCommands } from './historyCommands.ts'
import { featureCommands } from './featureCommands.ts'
import { inlineCommands } from './inlineCommands.ts'
import { isolationCommands } from './isolationCommands.ts'
import { registerProblemPaths } from './editor/problemPaths.ts'
import { providerCommands } from './providerCommands.ts'
import { registerQuickFix } from './editor/quickFix.ts'
import { reviewCommands } from './reviewCommands.ts'
import { changeCommands } from './changeCommands.ts'
import { serverCommands } from './serverCommands.ts'
import { serverViewCommands } from './serverViewCommands.ts'
import { sessionCommands } from './sessionCommands.ts'
import { shareCommands } from './shareCommands.ts'
import { transcriptCommands } from './transcriptCommands.ts'
import { workCommands } from './workCommands.ts'

/** Every command that package.json contributes; a missing one does not compile. */
const table: { readonly [K in keyof typeof commandIds]: CommandSpec } = {
  ...chatCommands,
  ...sessionCommands,
  ...shareCommands,
  ...historyCommands,
  ...transcriptCommands,
  ...editorCommands,
  ...changeCommands,
  ...reviewCommands,
  ...deskCommands,
  ...inlineCommands,
  ...serverCommands,
  ...containerCommands,
  ...isolationCommands,
  ...providerCommands,
  ...accessCommands,
  ...featureCommands,
  ...serverViewCommands,
  ...workCommands,
}

export function registerCommands(context: CommandContext): Disposable {
  const store = new DisposableStore()
  for (const name of Object.keys(table) as (keyof typeof commandIds)[]) {
    const run = (...args: unknown[]): Promise<void> => runCommand(table[name], context, args)
    store.add(vscode.commands.registerCommand(commandIds[name], run))
  }
  store.add(registerQuickFix())
  store.add(registerProblemPaths())
  store.add(registerCodeLens(context.services.settings))
  return store
}
