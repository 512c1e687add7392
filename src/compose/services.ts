import { join } from 'node:path'
import { BlobStore } from '../platform/blobs.ts'
import { Notify } from '../platform/notify.ts'
import { Choices } from '../views/models/choices.ts'
import { ComposerParts } from '../views/composer/composerParts.ts'
import { EditDesk } from '../views/desk/editDesk.ts'
import { DiffDocuments } from '../views/diffDocuments.ts'
import { Drafts } from '../views/composer/drafts.ts'
import { PromptHistory } from '../views/composer/promptHistory.ts'
import { Review } from '../views/review/review.ts'
import { AlwaysAnswers } from '../views/server/alwaysAnswers.ts'
import type { Services } from '../views/services.ts'
import { CodeProposals } from '../views/transcript/codeBlocks.ts'
import { PictureFiles } from '../views/transcript/pictureFiles.ts'
import { ServerFileEditors } from '../views/transcript/serverFiles.ts'
import { TranscriptDocuments } from '../views/transcript/transcriptDocuments.ts'
import { transcriptFiles } from '../views/transcript/transcriptFiles.ts'
import type { Platform } from './platform.ts'
import type { Servers } from './servers.ts'

/** What every chat is built on. */
export function createServices(
  { context, store, storage, stored, storedForAll, settings, log }: Platform,
  { backends, profiles, isolation }: Servers,
): Services {
  const blobs = new BlobStore(join(storage.fsPath, 'attachments'), ['drafts', 'queue'])
  const drafts = store.add(new Drafts(stored('drafts'), blobs))
  const documents = store.add(new DiffDocuments())
  const denied = (): readonly string[] => settings.deniedFiles.value
  return {
    extensionUri: context.extensionUri,
    backends,
    profiles,
    isolation,
    choices: new Choices(stored('choices')),
    drafts,
    composer: store.add(new ComposerParts({ drafts, backends, blobs, stored, storedForAll, log, denied })),
    history: new PromptHistory(stored('history')),
    documents,
    answers: store.add(new AlwaysAnswers()),
    pictures: new PictureFiles(storage.fsPath),
    serverFiles: store.add(new ServerFileEditors()),
    desk: store.add(new EditDesk({ backends, documents, folder: storage.fsPath, log })),
    review: store.add(new Review({ backends, log, stored, storage: storage.fsPath })),
    code: store.add(new CodeProposals(documents)),
    quietRuns: new Set(),
    transcripts: store.add(new TranscriptDocuments(backends, transcriptFiles(storage))),
    settings,
    notify: new Notify(log),
    log,
  }
}
