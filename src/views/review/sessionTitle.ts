import { basename } from 'node:path'
import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import type { Backends } from '../backend/backends.ts'

/** What a session is called where its changes are shown. */
export function sessionTitle(
  backends: Backends,
  { sessionID, directory }: { readonly sessionID: SessionID; readonly directory: string },
): string {
  const entries = backends.for(directory).hub.sessions(directory)
  const title = entries.find(({ session }) => session.id === sessionID)?.session.title
  return title ?? vscode.l10n.t('A session in {0}', basename(directory))
}
