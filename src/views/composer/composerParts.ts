import type { BlobStore } from '../../platform/blobs.ts'
import type { StoredValue } from '../../platform/storage.ts'
import { FileIndex } from '../../prompt/fileIndex.ts'
import { TerminalOutput } from '../../prompt/terminalOutput.ts'
import { composePrompt } from '../../prompt/prompt.ts'
import { refreshAttachments } from '../../prompt/refresh.ts'
import type { Draft } from '../../protocol/chat.ts'
import type { Prompt } from '../../session/model.ts'
import type { SessionState } from '../../session/state.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend, Backends } from '../backend/backends.ts'
import type { Drafts } from './drafts.ts'
import { ModelMemory } from '../models/modelMemory.ts'
import { AttachmentFollower } from './attachmentFollower.ts'
import { promptTarget } from './promptTarget.ts'
import type { MentionParts } from './mentionSearch.ts'
import { PromptQueue } from './promptQueue.ts'
import { QueueStorage } from './queueStorage.ts'
import type { QueueEntry } from './queueStorage.ts'
import { runOf } from './slashCommands.ts'
import { SentFiles } from './sentFiles.ts'

export interface ComposerPartsOptions {
  readonly drafts: Drafts
  readonly backends: Backends
  readonly blobs: BlobStore
  readonly stored: (key: string) => StoredValue
  /** As `stored`, but the same in every folder. */
  readonly storedForAll: (key: string) => StoredValue
  readonly log: { warn(message: string): void }
  /** See `MentionParts`. */
  readonly denied: () => readonly string[]
}

/** What the composers of a window share. */
export class ComposerParts implements Disposable {
  readonly #store = new DisposableStore()
  readonly #drafts: Drafts
  readonly sent: SentFiles
  readonly mentions: MentionParts

  readonly queue: PromptQueue
  readonly models: ModelMemory

  constructor({ drafts, backends, blobs, stored, storedForAll, log, denied }: ComposerPartsOptions) {
    this.#drafts = drafts
    this.models = new ModelMemory(storedForAll('models'))
    this.sent = new SentFiles(stored('sentFiles'))
    const storage = new QueueStorage(stored('queue'), blobs)
    this.queue = this.#store.add(new PromptQueue({ storage, backends, compose: composeQueued, log }))
    this.#store.add(new AttachmentFollower(drafts))
    this.mentions = { files: new FileIndex(), terminal: this.#store.add(new TerminalOutput()), denied }
  }

  /** A draft as the page shows it: what the session has already is marked. */
  present(key: string, state: SessionState | undefined): Draft {
    const draft = this.#drafts.get(key)
    const ids = draft.items.map(({ id }) => id)
    const known = new Set(
      this.#drafts
        .attachments(key, ids)
        .filter(({ content, isForced }) => isForced !== true && this.sent.has(state, content))
        .map(({ item }) => item.id),
    )
    if (known.size === 0) return draft
    return {
      ...draft,
      items: draft.items.map((item) => (known.has(item.id) ? { ...item, isKnown: true } : item)),
    }
  }

  dispose(): void {
    this.#store.dispose()
  }
}

/** What waited is made when its turn comes: files as they are by then. */
async function composeQueued(entry: QueueEntry, backend: Backend): Promise<Prompt> {
  const { text, directory, agent, model } = entry
  const run = await runOf(text, backend, directory)
  const attachments = await refreshAttachments(entry.attachments, promptTarget(backend, directory))
  return composePrompt(text, attachments, { agent, model, ...(run === undefined ? {} : { run }) })
}
