import { basename } from 'node:path'
import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import type { Session } from '../../session/model.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import { relativeTime } from '../relativeTime.ts'
import type { SessionRow } from './grouping.ts'
import { RowPlaces } from './rowPlaces.ts'
import type { Line } from './rowPlaces.ts'
import type { SessionShelf } from './sessionShelf.ts'
import { groupNames, markWord, sessionTitle } from './sessionTree.ts'

/** What was chosen: a session, a new one, or to look into the text of all. */
export type SessionPick =
  | { readonly kind: 'open'; readonly sessionID: SessionID; readonly directory: string }
  | { readonly kind: 'new' }
  | { readonly kind: 'search'; readonly text: string }

export type SessionAct = 'rename' | 'pin' | 'archive' | 'delete'

export interface SessionPickerOptions {
  readonly shelf: SessionShelf
  readonly current: SessionID | undefined
  /** Does something to a session; the list comes back after it. */
  readonly act: (act: SessionAct, session: Session) => Promise<void>
}

interface Item extends vscode.QuickPickItem {
  readonly pick?: SessionPick
  readonly row?: SessionRow
}

const searchDelayMs = 250
const drawDelayMs = 100

/** The list of sessions: type to search, buttons to rename, pin, archive and delete. Lives while sessions change. */
export async function pickSession(options: SessionPickerOptions): Promise<SessionPick | undefined> {
  const { shelf } = options
  const store = new DisposableStore()
  const picker = store.add(createPicker())
  const known = new RowPlaces()
  let found: readonly SessionRow[] = []
  let isActing = false
  const draw = (): void => {
    const active = picker.activeItems[0]?.row?.session.id
    picker.buttons = [shelf.scope === 'everywhere' ? folderButton : everywhereButton]
    picker.items = itemsOf(options, picker.value, { known, found })
    keepActive(picker, active)
  }
  const search = async (text: string): Promise<void> => {
    found = text.trim() === '' ? [] : await shelf.findByTitle(text.trim()).catch(() => [])
    draw()
  }
  store.add(later(shelf.onDidChange, draw, drawDelayMs))
  store.add(later(picker.onDidChangeValue, (text) => void search(text), searchDelayMs))
  const setScope = (button: vscode.QuickInputButton): void => {
    known.clear()
    void shelf.setScope(button === everywhereButton ? 'everywhere' : 'folder')
  }
  store.add(picker.onDidTriggerButton(setScope))
  store.add(
    picker.onDidTriggerItemButton(({ item, button }) => {
      const act = acts.get(button)
      if (!item.row || !act) return
      isActing = true
      void options.act(act, item.row.session).finally(() => {
        isActing = false
        found = []
        known.clear()
        picker.show()
        draw()
      })
    }),
  )
  draw()
  return new Promise((resolve) => {
    store.add(
      picker.onDidAccept(() => {
        const pick = picker.selectedItems[0]?.pick
        if (!pick) return
        resolve(pick)
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

function createPicker(): vscode.QuickPick<Item> {
  const picker = vscode.window.createQuickPick<Item>()
  picker.title = vscode.l10n.t('Sessions')
  picker.placeholder = vscode.l10n.t('Search sessions')
  picker.matchOnDescription = true
  picker.matchOnDetail = true
  return picker
}

/** New items make VS Code forget which one was active. */
function keepActive(picker: vscode.QuickPick<Item>, sessionID: SessionID | undefined): void {
  const again = sessionID && picker.items.find(({ row }) => row?.session.id === sessionID)
  if (again) picker.activeItems = [again]
}

const everywhereButton = button('globe', vscode.l10n.t('Show sessions of all folders'))
const folderButton = button('folder', vscode.l10n.t('Show sessions of this folder only'))
const renameButton = button('edit', vscode.l10n.t('Rename'))
const pinButton = button('pin', vscode.l10n.t('Pin'))
const unpinButton = button('pinned', vscode.l10n.t('Unpin'))
const archiveButton = button('archive', vscode.l10n.t('Archive'))
const deleteButton = button('trash', vscode.l10n.t('Delete'))
const acts: ReadonlyMap<vscode.QuickInputButton, SessionAct> = new Map([
  [renameButton, 'rename'],
  [pinButton, 'pin'],
  [unpinButton, 'pin'],
  [archiveButton, 'archive'],
  [deleteButton, 'delete'],
])

function button(icon: string, tooltip: string): vscode.QuickInputButton {
  return { iconPath: new vscode.ThemeIcon(icon), tooltip }
}

interface Shown {
  readonly known: RowPlaces
  /** What a search found besides. */
  readonly found: readonly SessionRow[]
}

/** No item of a session changes its place while the list is open; see `RowPlaces`. */
function itemsOf(
  { shelf, current }: SessionPickerOptions,
  text: string,
  { known, found }: Shown,
): readonly Item[] {
  const [{ folders }, now] = [shelf, new Date()]
  known.update(
    shelf.rows().filter(({ session }) => session.parentID === undefined),
    folders,
    now,
  )
  const more = new RowPlaces()
  more.update(
    found.filter(({ session }) => !known.has(session.id) && session.archived === undefined),
    folders,
    now,
  )
  const lines = [...known.lines, ...more.lines]
  const places = new Set(lines.map((line) => (line.kind === 'head' ? line : line.row.session).directory))
  const sessions = lines.map((line) => toItem(line, { current, isOne: places.size <= 1 }))
  const fresh: Item = {
    label: `$(add) ${vscode.l10n.t('New session')}`,
    alwaysShow: true,
    pick: { kind: 'new' },
  }
  // Enter takes the first item: what was typed is meant for a session. An empty line keeps the place then.
  return text.trim() === '' ? [fresh, ...sessions] : [noLine, ...sessions, ...searchItem(text), fresh]
}

const noLine: Item = { label: '', kind: vscode.QuickPickItemKind.Separator }

function searchItem(text: string): readonly Item[] {
  const words = text.trim()
  if (words === '') return []
  const label = `$(search) ${vscode.l10n.t('Search the text of all messages for "{0}"', words)}`
  return [{ label, alwaysShow: true, pick: { kind: 'search', text: words } }]
}

function toItem(
  line: Line,
  list: { readonly current: SessionID | undefined; readonly isOne: boolean },
): Item {
  if (line.kind === 'row') return itemOf(line.row, list.current)
  const name = groupNames[line.group]()
  return {
    label: list.isOne ? name : `${basename(line.directory)} · ${name}`,
    kind: vscode.QuickPickItemKind.Separator,
  }
}

function itemOf(row: SessionRow, current: SessionID | undefined): Item {
  const { session } = row
  return {
    label: `${iconOf(row, current)} ${sessionTitle(row)}`,
    description: [markWord(row), relativeTime(session.updated)].filter((word) => word !== '').join(' · '),
    buttons: [
      renameButton,
      row.isPinned ? unpinButton : pinButton,
      ...(row.canArchive ? [archiveButton] : []),
      deleteButton,
    ],
    pick: { kind: 'open', sessionID: session.id, directory: session.directory },
    row,
  }
}

const icons = {
  idle: '$(comment)',
  busy: '$(loading~spin)',
  waiting: '$(bell-dot)',
  failed: '$(error)',
  unread: '$(circle-filled)',
}

function iconOf({ session, mark }: SessionRow, current: SessionID | undefined): string {
  return session.id === current ? '$(check)' : icons[mark]
}

/** Calls back once things are quiet. */
function later<T>(
  event: (listener: (value: T) => void) => vscode.Disposable | { dispose(): void },
  run: (value: T) => void,
  delayMs: number,
): { dispose(): void } {
  let timer: NodeJS.Timeout | undefined
  const subscription = event((value) => {
    clearTimeout(timer)
    timer = setTimeout(() => run(value), delayMs)
  })
  return {
    dispose: () => {
      clearTimeout(timer)
      subscription.dispose()
    },
  }
}
