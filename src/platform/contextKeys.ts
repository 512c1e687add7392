import * as vscode from 'vscode'

/** The context keys that `when` clauses in package.json use. */
export interface ContextKeys {
  serverState: 'stopped' | 'starting' | 'running' | 'stopping' | 'failed'
  /** What the running server cannot do: names of its capabilities, with spaces between them. */
  lacks: string
  hasSession: boolean
  isShared: boolean
  isSharingOff: boolean
  isUndone: boolean
  isBusy: boolean
  /** Whether the keyboard is in a chat; VS Code's own `focusedView` does not know of views that are web pages. */
  isChatFocused: boolean
  sessionScope: 'folder' | 'everywhere'
  showsArchived: boolean
  isSearching: boolean
  isApplyingCode: boolean
  /** Whether the changes of the last turn, or of the whole session, are shown. */
  reviewScope: 'session' | 'turn'
  /** Whether anything of an agent's waits for a decision. */
  hasChanges: boolean
  /** Whether the session in use changed anything on another machine. */
  hasServerChanges: boolean
  /** Files with changes that wait for a decision, and the folders above them. */
  changedPaths: readonly string[]
  /** Whether the active editor has places to decide on. */
  hasHunks: boolean
  /** Whether comments wait to become a prompt. */
  hasReviewComments: boolean
  hasFindings: boolean
  isEditWaiting: boolean
  isEditChanged: boolean
  hasInlineQuestion: boolean
  /** Files with errors or warnings, and the folders above them. */
  problemPaths: readonly string[]
  /** Whether `problemPaths` is kept: before that, nothing is known. */
  knowsProblems: boolean
}

/** As JSON. */
const last = new Map<string, string>()

/** Sets a context key; a value that it already has costs nothing. */
export function setContextKey<K extends keyof ContextKeys>(key: K, value: ContextKeys[K]): void {
  const text = JSON.stringify(value)
  if (last.get(key) === text) return
  last.set(key, text)
  void vscode.commands.executeCommand('setContext', `opencodeSessions.${key}`, value)
}
