import * as vscode from 'vscode'
import { Credentials } from '../platform/credentials.ts'
import { Log } from '../platform/log.ts'
import { Settings } from '../platform/settings.ts'
import { StoredValue } from '../platform/storage.ts'
import { DisposableStore } from '../util/lifecycle.ts'

/** What VS Code gives this extension in this window. */
export interface Platform {
  readonly context: vscode.ExtensionContext
  /** Ends with the window; what was added last goes first. */
  readonly store: DisposableStore
  readonly log: Log
  readonly settings: Settings
  readonly credentials: Credentials
  /** Kept for the workspace of this window. */
  readonly stored: (key: string) => StoredValue
  /** Kept for all windows of this user. */
  readonly storedForAll: (key: string) => StoredValue
  /** Files of this workspace; those of all windows where none is open. */
  readonly storage: vscode.Uri
  /** Where a packaged program may be found while the extension is being developed. */
  readonly developmentRoot: string | undefined
}

export function createPlatform(context: vscode.ExtensionContext): Platform {
  const { workspaceState, globalState, extensionUri, extensionMode } = context
  const store = new DisposableStore()
  context.subscriptions.push(store)
  const log = store.add(new Log())
  return {
    context,
    store,
    log,
    settings: store.add(new Settings()),
    credentials: store.add(new Credentials(context.secrets, log.redactor)),
    stored: (key) => new StoredValue(workspaceState, key),
    storedForAll: (key) => new StoredValue(globalState, key),
    storage: context.storageUri ?? context.globalStorageUri,
    developmentRoot: extensionMode === vscode.ExtensionMode.Production ? undefined : extensionUri.fsPath,
  }
}
