import type { SessionID } from '../../opencode/ids.ts'
import type { Settings } from '../../platform/settings.ts'
import type { StoredValue } from '../../platform/storage.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backends } from '../backend/backends.ts'
import type { Chats } from '../chat/chats.ts'
import { SeenFiles } from './seenFiles.ts'
import { SessionMarks } from './sessionMarks.ts'
import { SessionNotices } from './sessionNotices.ts'
import { SessionShelf } from './sessionShelf.ts'
import { SessionTree } from './sessionTree.ts'

export interface SessionBrowserOptions {
  readonly backends: Backends
  readonly chats: Chats
  readonly settings: Settings
  /** Sessions whose runs tell nothing. */
  readonly quiet: ReadonlySet<SessionID>
  /** For all windows. */
  readonly pins: StoredValue
  /** For this window. */
  readonly stored: (key: string) => StoredValue
  /** Where all windows of this user may write. */
  readonly folder: string
  readonly open: (sessionID: SessionID, directory: string) => Promise<void>
}

/** The sessions of this window's servers: their list, their marks, their view and what is told of them. */
export class SessionBrowser implements Disposable {
  readonly #store = new DisposableStore()
  readonly marks: SessionMarks
  readonly shelf: SessionShelf
  readonly tree: SessionTree

  constructor({ backends, chats, settings, quiet, pins, stored, folder, open }: SessionBrowserOptions) {
    this.marks = this.#store.add(new SessionMarks(pins, stored('unseen')))
    this.shelf = this.#store.add(new SessionShelf(backends, this.marks, stored('sessionBrowser')))
    this.tree = this.#store.add(new SessionTree(this.shelf, this.marks, () => chats.shownSessions))
    this.#store.add(chats.onDidChangePlaces(() => this.tree.redraw()))
    const { marks } = this
    this.#store.add(
      new SessionNotices({ backends, chats, marks, settings, quiet, seen: new SeenFiles(folder), open }),
    )
  }

  dispose(): void {
    this.#store.dispose()
  }
}
