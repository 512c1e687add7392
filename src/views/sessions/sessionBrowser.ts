import type { SessionID } from '../../opencode/ids.ts'
import type { Settings } from '../../platform/settings.ts'
import type { StoredValue } from '../../platform/storage.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backends } from '../backends.ts'
import type { Chats } from '../chats.ts'
import { SessionMarks } from './sessionMarks.ts'
import { SessionNotices } from './sessionNotices.ts'
import { SessionShelf } from './sessionShelf.ts'
import { SessionTree } from './sessionTree.ts'

export interface SessionBrowserOptions {
  readonly backends: Backends
  readonly chats: Chats
  readonly settings: Settings
  /** For all windows. */
  readonly pins: StoredValue
  /** For this window. */
  readonly stored: (key: string) => StoredValue
  readonly open: (sessionID: SessionID, directory: string) => Promise<void>
}

/** The sessions of this window's servers: their list, their marks, their view and what is told of them. */
export class SessionBrowser implements Disposable {
  readonly #store = new DisposableStore()
  readonly marks: SessionMarks
  readonly shelf: SessionShelf
  readonly tree: SessionTree

  constructor({ backends, chats, settings, pins, stored, open }: SessionBrowserOptions) {
    this.marks = this.#store.add(new SessionMarks(pins, stored('unseen')))
    this.shelf = this.#store.add(new SessionShelf(backends, this.marks, stored('sessionBrowser')))
    this.tree = this.#store.add(new SessionTree(this.shelf, this.marks, () => chats.shownSessions))
    this.#store.add(chats.onDidChange(() => this.tree.redraw()))
    const { marks } = this
    this.#store.add(new SessionNotices({ backends, chats, marks, settings, open }))
  }

  dispose(): void {
    this.#store.dispose()
  }
}
