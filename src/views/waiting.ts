import * as vscode from 'vscode'
import type { Settings } from '../platform/settings.ts'
import { Emitter } from '../util/event.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'
import type { Backends } from './backend/backends.ts'

/** How many requests wait for the user in the folders of this window; badge and status bar show it. */
export class WaitingCount implements Disposable {
  readonly #backends: Backends
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<number>())
  readonly onDidChange = this.#onDidChange.event
  #count = 0

  constructor(backends: Backends) {
    this.#backends = backends
    this.#store.add(backends.onDidChangeIndex(() => this.#update()))
    this.#store.add(backends.onDidChange(() => this.#update()))
  }

  get count(): number {
    return this.#count
  }

  dispose(): void {
    this.#store.dispose()
  }

  #update(): void {
    const count = this.#backends.places
      .flatMap(({ directory, backend }) => backend.hub.sessions(directory))
      .filter(({ session }) => session.parentID === undefined)
      .reduce((sum, { waiting }) => sum + waiting, 0)
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

/** Keeps the session lists of all folders current while their servers run, for the counts. */
export function watchFolders(backends: Backends): Disposable {
  let watches: readonly Disposable[] = []
  const update = (): void => {
    const before = watches
    watches = backends.places.map(({ directory, backend }) => backend.hub.watchDirectory(directory))
    for (const watch of before) watch.dispose()
  }
  update()
  const subscription = backends.onDidChange(update)
  return {
    dispose: () => {
      subscription.dispose()
      for (const watch of watches) watch.dispose()
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
