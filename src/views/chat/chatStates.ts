import * as vscode from 'vscode'
import { emptyDraft, unknownChoice } from '../../protocol/chat.ts'
import type { ChatState } from '../../protocol/chat.ts'
import type { Backend } from '../backend/backends.ts'

/** What a chat shows of its server. */
export function serverState({
  server,
  profile,
}: Backend): Pick<ChatState, 'server' | 'capabilities' | 'profile'> {
  const { name, kind, source } = profile
  return {
    server: server.status,
    capabilities: server.connection?.capabilities,
    profile: source === 'builtin' ? undefined : { name, kind },
  }
}

/** A chat that knows nothing yet but its server. */
export function initialState(backend: Backend): ChatState {
  return {
    ...serverState(backend),
    obstacle: vscode.workspace.isTrusted ? 'none' : 'untrusted',
    folder: undefined,
    folderCount: 0,
    session: undefined,
    isLoading: false,
    choice: unknownChoice,
    draft: emptyDraft,
    recent: [],
    waitingElsewhere: 0,
    problem: undefined,
  }
}
