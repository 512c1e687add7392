import type * as vscode from 'vscode'
import type { Credentials } from '../../platform/credentials.ts'
import type { Log } from '../../platform/log.ts'
import type { Settings } from '../../platform/settings.ts'

/** What a launcher is made with; the same for every kind of profile. */
export interface LauncherContext {
  /** Real path of the workspace folder; the home directory in a window without folders. */
  readonly folder: string
  readonly settings: Settings
  readonly credentials: Credentials
  readonly log: Log
  readonly extensionUri: vscode.Uri
  /** For files that outlive the window, shared by all windows of this machine. */
  readonly storageUri: vscode.Uri
  /** Where the `opencode-ai` package is looked for when the extension is being developed. */
  readonly developmentRoot: string | undefined
  /** Whether the server must be one of its own, whatever the settings say about sharing. */
  readonly isAlone?: boolean
  /** Says in a few words what is being done, for a start that takes long. */
  readonly onProgress?: (message: string) => void
}
