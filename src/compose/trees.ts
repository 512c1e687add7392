import type { CommandContext } from '../commands/commandSpec.ts'
import type { EditorTools } from '../views/editorTools/editorTools.ts'
import { ChangesTree } from '../views/review/changesTree.ts'
import { ServerTree } from '../views/server/serverTree.ts'
import type { Services } from '../views/services.ts'
import { SessionBrowser } from '../views/sessions/sessionBrowser.ts'
import type { SessionBrowserOptions } from '../views/sessions/sessionBrowser.ts'
import type { ChatParts } from './chats.ts'
import type { Platform } from './platform.ts'

/** The views beside the chat: sessions, the server, changes to decide on. */
export function createTrees(
  { context, store, settings, stored, storedForAll }: Platform,
  { backends, answers, review, quietRuns: quiet }: Services,
  { chats, view, editorTools }: ChatParts & { readonly editorTools: EditorTools },
): Pick<CommandContext, 'browser' | 'serverTree' | 'changes'> {
  const folder = context.globalStorageUri.fsPath
  const pins = storedForAll('pinnedSessions')
  const open: SessionBrowserOptions['open'] = async (sessionID, directory) =>
    (await view.reveal()).show({ sessionID, directory })
  return {
    browser: store.add(new SessionBrowser({ backends, chats, settings, quiet, stored, pins, folder, open })),
    serverTree: store.add(new ServerTree({ backends, chats, answers, editorTools })),
    changes: store.add(new ChangesTree({ review, chats, backends })),
  }
}
