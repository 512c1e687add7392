import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import type { Settings } from '../../platform/settings.ts'
import type { Session } from '../../session/model.ts'
import type { EndedRun } from '../../sync/index/sessionNews.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend, Backends } from '../backend/backends.ts'
import type { Chats } from '../chat/chats.ts'
import type { SeenFiles } from './seenFiles.ts'
import type { SessionMarks } from './sessionMarks.ts'

export interface SessionNoticesOptions {
  readonly backends: Backends
  readonly chats: Chats
  readonly marks: SessionMarks
  readonly settings: Pick<Settings, 'notifyWhenFailed' | 'notifyWhenFinished'>
  /** What other windows have seen. */
  readonly seen: Pick<SeenFiles, 'note' | 'isSeenSince'>
  /** Whether the user is in this window. */
  readonly isFocused?: () => boolean
  /** Sessions whose runs tell nothing. */
  readonly quiet?: ReadonlySet<SessionID>
  /** Brings a session to the front. */
  readonly open: (sessionID: SessionID, directory: string) => Promise<void>
}

/** How long another window has to say that it shows the end of a run. */
const elsewhereMs = 1_200

/**
 * Marks sessions that end while nobody looks, here or in another window, and tells of them while the window has no focus. Subagents' sessions
 * are part of their parents' and tell nothing.
 */
export class SessionNotices implements Disposable {
  readonly #options: SessionNoticesOptions
  readonly #store = new DisposableStore()
  readonly #followed = new Map<Backend, Disposable>()
  /** When what is marked here ended, epoch ms. */
  readonly #ends = new Map<SessionID, number>()

  constructor(options: SessionNoticesOptions) {
    this.#options = options
    const { backends, chats } = options
    this.#store.add(backends.onDidChange(() => this.#follow()))
    this.#store.add(backends.onDidChangeStatus(() => this.#follow()))
    this.#store.add(chats.onDidChangePlaces(() => this.#see()))
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
    const { chats, marks, seen } = this.#options
    if (!this.#isFocused) return
    for (const id of chats.shownSessions) {
      if (marks.unseen(id) === undefined) continue
      marks.markSeen(id)
      void seen.note(id)
    }
    void this.#seeElsewhere()
  }

  /** What was looked at in another window is no news here either. */
  async #seeElsewhere(): Promise<void> {
    const { marks, seen } = this.#options
    for (const [id, time] of this.#ends) {
      if (marks.unseen(id) !== undefined && !(await seen.isSeenSince(id, time))) continue
      this.#ends.delete(id)
      marks.markSeen(id)
    }
  }

  async #ended(backend: Backend, run: EndedRun): Promise<void> {
    const { marks, settings, seen } = this.#options
    const time = Date.now()
    if (run.outcome === 'stopped') return
    if (this.#isSeen(run.sessionID)) return seen.note(run.sessionID)
    const session = await backend.hub.connection?.getSession(run.sessionID).catch(() => undefined)
    if (!session || !(await this.#isNews(session, time))) return
    this.#ends.set(session.id, time)
    marks.markUnseen(session.id, run.outcome === 'failed' ? 'failed' : 'unread')
    const isWanted = run.outcome === 'failed' ? settings.notifyWhenFailed : settings.notifyWhenFinished
    if (!this.#isFocused && isWanted.value) await this.#tell(run, session.title, session.directory)
  }

  async #isNews(session: Session, time: number): Promise<boolean> {
    if (session.parentID !== undefined || !this.#isOurs(session)) return false
    await new Promise((resolve) => setTimeout(resolve, elsewhereMs))
    return !this.#isSeen(session.id) && !(await this.#options.seen.isSeenSince(session.id, time))
  }

  /** The server may work for other windows too, and for terminals elsewhere. */
  #isOurs({ id, directory }: Session): boolean {
    const { backends, chats } = this.#options
    return chats.openSessions.has(id) || backends.places.some((place) => place.directory === directory)
  }

  get #isFocused(): boolean {
    return this.#options.isFocused?.() ?? vscode.window.state.focused
  }

  #isSeen(sessionID: SessionID): boolean {
    const { chats, quiet } = this.#options
    return quiet?.has(sessionID) === true || (this.#isFocused && chats.shownSessions.has(sessionID))
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
