import * as vscode from 'vscode'
import type { SessionID } from '../opencode/ids.ts'
import { workspaceFolders } from '../platform/folders.ts'
import type { SessionEntry } from '../sync/sessionHub.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import { stateOf } from './recent.ts'
import { relativeTime } from './relativeTime.ts'
import type { Services } from './services.ts'

/** What was chosen: a session, or a new one. */
export type SessionPick =
  | { readonly kind: 'open'; readonly sessionID: SessionID; readonly directory: string }
  | { readonly kind: 'new' }

export interface SessionPickerOptions {
  readonly services: Services
  /** The folder whose sessions come first. */
  readonly directory: string
  readonly current: SessionID | undefined
  readonly rename: (session: SessionRow) => Promise<void>
  readonly remove: (session: SessionRow) => Promise<void>
}

/** A session of the list; its directory says on which server it lives. */
export interface SessionRow {
  readonly id: SessionID
  readonly directory: string
  readonly title: string
}

interface SessionItem extends vscode.QuickPickItem {
  readonly session?: SessionRow
}

const searchDelayMs = 250

/** The list of sessions: type to search, buttons to rename and delete. Lives while sessions change. */
export async function pickSession(options: SessionPickerOptions): Promise<SessionPick | undefined> {
  const store = new DisposableStore()
  const picker = store.add(vscode.window.createQuickPick<SessionItem>())
  const list = new SessionList(options)
  picker.title = vscode.l10n.t('Sessions')
  picker.placeholder = vscode.l10n.t('Search sessions')
  picker.matchOnDescription = true
  let isActing = false
  const draw = async (): Promise<void> => {
    const active = picker.activeItems[0]?.session?.id
    picker.items = await list.items(picker.value)
    picker.activeItems = picker.items.filter(({ session }) => session !== undefined && session.id === active)
  }
  store.add(options.services.backends.onDidChangeIndex(() => void draw()))
  store.add(searchOnServer(picker, list, draw))
  store.add(
    picker.onDidTriggerItemButton(({ item, button }) => {
      if (!item.session) return
      isActing = true
      const act = button === renameButton ? options.rename : options.remove
      void act(item.session).finally(() => {
        isActing = false
        list.forget()
        picker.show()
        void draw()
      })
    }),
  )
  await draw()
  return new Promise((resolve) => {
    store.add(
      picker.onDidAccept(() => {
        const session = picker.selectedItems[0]?.session
        resolve(
          session ? { kind: 'open', sessionID: session.id, directory: session.directory } : { kind: 'new' },
        )
        picker.hide()
      }),
    )
    store.add(
      picker.onDidHide(() => {
        // Only an input box or a question is in front; the list comes back after it.
        if (isActing) return
        resolve(undefined)
        store.dispose()
      }),
    )
    picker.show()
  })
}

const renameButton: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('edit'), tooltip: 'Rename' }
const deleteButton: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('trash'), tooltip: 'Delete' }

/** What the server finds beyond the sessions that are known anyway. */
class SessionList {
  readonly #options: SessionPickerOptions
  #found: readonly SessionItem[] = []

  constructor(options: SessionPickerOptions) {
    this.#options = options
  }

  forget(): void {
    this.#found = []
  }

  async search(text: string): Promise<void> {
    const { services, directory } = this.#options
    const { connection } = services.backends.for(directory).hub
    this.forget()
    if (!connection || text.trim() === '') return
    const sessions = await connection
      .listSessions({ directory, search: text, roots: true, limit: 50 })
      .catch(() => [])
    this.#found = sessions
      .filter(({ archived }) => archived === undefined)
      .map((session) =>
        toItem({ session, status: { kind: 'idle' }, waiting: 0 }, this.#options.current, session.directory),
      )
  }

  async items(text: string): Promise<readonly SessionItem[]> {
    const { services, directory, current } = this.#options
    const folders = (await workspaceFolders()).map((folder) => folder.directory)
    const directories = [directory, ...folders.filter((folder) => folder !== directory)]
    const known = directories.flatMap((each) =>
      services.backends
        .for(each)
        .hub.sessions(each)
        .filter(({ session }) => session.parentID === undefined && session.archived === undefined)
        .map((entry) => toItem(entry, current, each)),
    )
    const ids = new Set(known.map(({ session }) => session?.id))
    const more = text.trim() === '' ? [] : this.#found.filter(({ session }) => !ids.has(session?.id))
    const fresh: SessionItem = { label: `$(add) ${vscode.l10n.t('New session')}`, alwaysShow: true }
    const separator: SessionItem = {
      label: vscode.l10n.t('sessions'),
      kind: vscode.QuickPickItemKind.Separator,
    }
    return [fresh, separator, ...known, ...more]
  }
}

function toItem(entry: SessionEntry, current: SessionID | undefined, directory: string): SessionItem {
  const { session } = entry
  const state = stateOf(entry)
  const icon =
    session.id === current
      ? '$(check)'
      : { idle: '$(comment)', busy: '$(loading~spin)', waiting: '$(bell-dot)' }[state]
  const words = { idle: '', busy: vscode.l10n.t('running'), waiting: vscode.l10n.t('waits for you') }[state]
  return {
    label: `${icon} ${session.title}`,
    description: [words, relativeTime(session.updated)].filter((word) => word !== '').join(' · '),
    buttons: [renameButton, deleteButton],
    session: { id: session.id, directory, title: session.title },
  }
}

function searchOnServer(
  picker: vscode.QuickPick<SessionItem>,
  list: SessionList,
  draw: () => Promise<void>,
): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined
  return picker.onDidChangeValue((text) => {
    clearTimeout(timer)
    timer = setTimeout(() => void list.search(text).then(draw), searchDelayMs)
  })
}
