import type { StoredValue } from '../../platform/storage.ts'
import { FileIndex } from '../../prompt/fileIndex.ts'
import { TerminalOutput } from '../../prompt/terminalOutput.ts'
import type { Draft } from '../../protocol/chat.ts'
import type { SessionState } from '../../session/state.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Drafts } from '../drafts.ts'
import type { MentionParts } from './mentionSearch.ts'
import { SentFiles } from './sentFiles.ts'

/** What the composers of a window share. */
export class ComposerParts implements Disposable {
  readonly #store = new DisposableStore()
  readonly #drafts: Drafts
  readonly sent: SentFiles
  readonly mentions: MentionParts

  constructor(drafts: Drafts, stored: (key: string) => StoredValue) {
    this.#drafts = drafts
    this.sent = new SentFiles(stored('sentFiles'))
    this.mentions = { files: new FileIndex(), terminal: this.#store.add(new TerminalOutput()) }
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
