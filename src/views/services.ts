import type * as vscode from 'vscode'
import type { Log } from '../platform/log.ts'
import type { Notify } from '../platform/notify.ts'
import type { Settings } from '../platform/settings.ts'
import type { ServerManager } from '../server/serverManager.ts'
import type { Outbox } from '../sync/outbox.ts'
import type { SessionHub } from '../sync/sessionHub.ts'
import type { Catalogs } from './catalogs.ts'
import type { Choices } from './choices.ts'
import type { DiffDocuments } from './diffDocuments.ts'
import type { Drafts } from './drafts.ts'
import type { PromptHistory } from './promptHistory.ts'
import type { ServerAccess } from './serverAccess.ts'

/** What every chat is built on; made once by the composition root. */
export interface Services {
  readonly extensionUri: vscode.Uri
  readonly server: ServerManager
  readonly access: ServerAccess
  readonly hub: SessionHub
  readonly outbox: Outbox
  readonly catalogs: Catalogs
  readonly choices: Choices
  readonly drafts: Drafts
  readonly history: PromptHistory
  readonly documents: DiffDocuments
  readonly settings: Settings
  readonly notify: Notify
  readonly log: Log
}
