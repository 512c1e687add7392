import * as vscode from 'vscode'
import { workspaceFolders } from '../platform/folders.ts'
import type { Settings } from '../platform/settings.ts'
import type { SessionHub } from '../sync/sessionHub.ts'
import { Emitter } from '../util/event.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'

/** How many requests wait for the user in the folders of this window; badge and status bar show it. */
export class WaitingCount implements Disposable {
  readonly #hub: SessionHub
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<number>())
  readonly onDidChange = this.#onDidChange.event
  readonly #known = new Map<string, number>()
  #count = 0

  constructor(hub: SessionHub) {
    this.#hub = hub
    this.#store.add(hub.onDidChangeIndex((directory) => this.#update(directory)))
  }

  get count(): number {
    return this.#count
  }

  dispose(): void {
    this.#store.dispose()
  }

  #update(directory: string): void {
    const waiting = this.#hub
      .sessions(directory)
      .filter(({ session }) => session.parentID === undefined)
      .reduce((sum, entry) => sum + entry.waiting, 0)
    this.#known.set(directory, waiting)
    const count = [...this.#known.values()].reduce((sum, each) => sum + each, 0)
    if (count === this.#count) return
    this.#count = count
    this.#onDidChange.fire(count)
  }
}

/** Tells the user, when no chat is in sight, that one waits; can be turned off from the message itself. */
export function notifyWaiting(options: {
  readonly waiting: WaitingCount
  readonly settings: Settings
  readonly isInSight: () => boolean
  readonly open: () => Promise<void>
}): Disposable {
  const { waiting, settings, isInSight, open } = options
  let last = 0
  return waiting.onDidChange((count) => {
    const isMore = count > last
    last = count
    if (isMore && settings.notifyWhenWaiting.value && !isInSight()) void ask(open)
  })
}

/** Keeps the session lists of all folders current while a server runs, for the counts. */
export function watchFolders(hub: SessionHub): Disposable {
  const watched = new Map<string, Disposable>()
  const update = async (): Promise<void> => {
    const directories = new Set((await workspaceFolders()).map(({ directory }) => directory))
    for (const [directory, watch] of watched) {
      if (directories.has(directory)) continue
      watch.dispose()
      watched.delete(directory)
    }
    for (const directory of directories) {
      if (!watched.has(directory)) watched.set(directory, hub.watchDirectory(directory))
    }
  }
  void update()
  const subscription = vscode.workspace.onDidChangeWorkspaceFolders(() => void update())
  return {
    dispose: () => {
      subscription.dispose()
      for (const watch of watched.values()) watch.dispose()
    },
  }
}

async function ask(open: () => Promise<void>): Promise<void> {
  const show = vscode.l10n.t('Show')
  const never = vscode.l10n.t("Don't show again")
  const picked = await vscode.window.showInformationMessage(
    vscode.l10n.t('OpenCode waits for your answer.'),
    show,
    never,
  )
  if (picked === show) await open()
  if (picked !== never) return
  const target = vscode.ConfigurationTarget.Global
  await vscode.workspace.getConfiguration('opencodeSessions').update('chat.notifyWhenWaiting', false, target)
}
