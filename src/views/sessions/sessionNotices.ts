import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import type { Settings } from '../../platform/settings.ts'
import type { Session } from '../../session/model.ts'
import type { EndedRun } from '../../sync/sessionNews.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend, Backends } from '../backends.ts'
import type { Chats } from '../chats.ts'
import type { SessionMarks } from './sessionMarks.ts'

export interface SessionNoticesOptions {
  readonly backends: Backends
  readonly chats: Chats
  readonly marks: SessionMarks
  readonly settings: Settings
  /** Brings a session to the front. */
  readonly open: (sessionID: SessionID, directory: string) => Promise<void>
}

/**
 * Marks sessions that end while nobody looks, and tells of them while the window has no focus. Subagents' sessions
 * are part of their parents' and tell nothing.
 */
export class SessionNotices implements Disposable {
  readonly #options: SessionNoticesOptions
  readonly #store = new DisposableStore()
  readonly #followed = new Map<Backend, Disposable>()

  constructor(options: SessionNoticesOptions) {
    this.#options = options
    const { backends, chats } = options
    this.#store.add(backends.onDidChange(() => this.#follow()))
    this.#store.add(backends.onDidChangeStatus(() => this.#follow()))
    this.#store.add(chats.onDidChange(() => this.#see()))
    this.#store.add(vscode.window.onDidChangeWindowState(() => this.#see()))
    this.#follow()
  }

  dispose(): void {
    for (const subscription of this.#followed.values()) subscription.dispose()
    this.#store.dispose()
  }

  #follow(): void {
    const { backends, marks } = this.#options
    const all = new Set(backends.all)
    for (const [backend, subscription] of this.#followed) {
      if (all.has(backend)) continue
      subscription.dispose()
      this.#followed.delete(backend)
    }
    for (const backend of all) {
      if (this.#followed.has(backend)) continue
      const store = new DisposableStore()
      store.add(backend.hub.news.onDidEndRun((run) => void this.#ended(backend, run)))
      store.add(backend.hub.news.onDidRemoveSession((id) => marks.forget(id)))
      this.#followed.set(backend, store)
    }
  }

  #see(): void {
    const { chats, marks } = this.#options
    if (!vscode.window.state.focused) return
    for (const id of chats.shownSessions) marks.markSeen(id)
  }

  async #ended(backend: Backend, run: EndedRun): Promise<void> {
    const { marks, settings } = this.#options
    if (run.outcome === 'stopped' || this.#isSeen(run.sessionID)) return
    const session = await backend.hub.connection?.getSession(run.sessionID).catch(() => undefined)
    if (!session || session.parentID !== undefined || !this.#isOurs(session) || this.#isSeen(session.id))
      return
    const isFocused = vscode.window.state.focused
    marks.markUnseen(session.id, run.outcome === 'failed' ? 'failed' : 'unread')
    const isWanted = run.outcome === 'failed' ? settings.notifyWhenFailed : settings.notifyWhenFinished
    if (!isFocused && isWanted.value) await this.#tell(run, session.title, session.directory)
  }

  /** The server may work for other windows too, and for terminals elsewhere. */
  #isOurs({ id, directory }: Session): boolean {
    const { backends, chats } = this.#options
    return chats.openSessions.has(id) || backends.places.some((place) => place.directory === directory)
  }

  #isSeen(sessionID: SessionID): boolean {
    return vscode.window.state.focused && this.#options.chats.shownSessions.has(sessionID)
  }

  async #tell({ sessionID, outcome, error }: EndedRun, title: string, directory: string): Promise<void> {
    const show = vscode.l10n.t('Show')
    const never = vscode.l10n.t("Don't show again")
    const picked =
      outcome === 'failed'
        ? await vscode.window.showWarningMessage(
            vscode.l10n.t('"{0}" ended with an error: {1}', title, error?.message ?? ''),
            show,
            never,
          )
        : await vscode.window.showInformationMessage(vscode.l10n.t('"{0}" is done.', title), show, never)
    if (picked === show) await this.#options.open(sessionID, directory)
    if (picked !== never) return
    const key = outcome === 'failed' ? 'chat.notifyWhenFailed' : 'chat.notifyWhenFinished'
    const target = vscode.ConfigurationTarget.Global
    await vscode.workspace.getConfiguration('opencodeSessions').update(key, false, target)
  }
}
