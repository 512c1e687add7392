import type * as vscode from 'vscode'
import type { SessionID } from '../opencode/ids.ts'
import type { Log } from '../platform/log.ts'
import type { Notify } from '../platform/notify.ts'
import type { Settings } from '../platform/settings.ts'
import type { ServerProfiles } from '../profiles/serverProfiles.ts'
import type { Backends } from './backend/backends.ts'
import type { Choices } from './models/choices.ts'
import type { ComposerParts } from './composer/composerParts.ts'
import type { EditDesk } from './desk/editDesk.ts'
import type { DiffDocuments } from './diffDocuments.ts'
import type { Drafts } from './composer/drafts.ts'
import type { IsolatedSessions } from './isolation/isolatedSessions.ts'
import type { PromptHistory } from './composer/promptHistory.ts'
import type { Review } from './review/review.ts'
import type { CodeProposals } from './transcript/codeBlocks.ts'
import type { AlwaysAnswers } from './server/alwaysAnswers.ts'
import type { PictureFiles } from './transcript/pictureFiles.ts'
import type { ServerFileEditors } from './transcript/serverFiles.ts'
import type { TranscriptDocuments } from './transcript/transcriptDocuments.ts'

/** What every chat is built on; made once by the composition root. */
export interface Services {
  readonly extensionUri: vscode.Uri
  /** The servers of this window; take the one of a chat's directory. */
  readonly backends: Backends
  readonly profiles: ServerProfiles
  readonly isolation: IsolatedSessions
  readonly choices: Choices
  readonly drafts: Drafts
  readonly composer: ComposerParts
  readonly history: PromptHistory
  readonly documents: DiffDocuments
  /** Where the agent's edits meet the user's editors. */
  readonly desk: EditDesk
  readonly transcripts: TranscriptDocuments
  /** What was allowed "always" from this window. */
  readonly answers: AlwaysAnswers
  readonly pictures: PictureFiles
  readonly serverFiles: ServerFileEditors
  readonly code: CodeProposals
  readonly review: Review
  /** Sessions that run now and whose answers are shown elsewhere than in a chat: nobody is told of their end. */
  readonly quietRuns: Set<SessionID>
  readonly settings: Settings
  readonly notify: Notify
  readonly log: Log
}
