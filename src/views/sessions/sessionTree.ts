import { basename } from 'node:path'
import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import { setContextKey } from '../../platform/contextKeys.ts'
import { isSame } from '../../session/equal.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { relativeTime } from '../relativeTime.ts'
import { groupByFolder, nestRows } from './grouping.ts'
import type { DateGroup, FolderGroup, RowGroup, SessionRow } from './grouping.ts'
import type { SessionMarks } from './sessionMarks.ts'
import type { SessionShelf } from './sessionShelf.ts'

/** One node of the view; commands of its menus get it as their argument. */
export type SessionNode =
  | { readonly kind: 'folder'; readonly folder: FolderGroup }
  | { readonly kind: 'group'; readonly directory: string; readonly group: RowGroup }
  | { readonly kind: 'session'; readonly row: SessionRow }
  | { readonly kind: 'more' }

const redrawMs = 250
/** Times are told relative to now. */
const ageMs = 60_000

/** The session browser in the side bar. */
export class SessionTree implements vscode.TreeDataProvider<SessionNode>, Disposable {
  readonly #shelf: SessionShelf
  readonly #marks: SessionMarks
  /** Sessions that a chat shows now. */
  readonly #shown: () => ReadonlySet<SessionID>
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new vscode.EventEmitter<undefined>())
  readonly #view: vscode.TreeView<SessionNode>
  readonly onDidChangeTreeData = this.#onDidChange.event
  readonly #clock: NodeJS.Timeout
  #timer: NodeJS.Timeout | undefined
  #last: unknown
  /** Kept by id: while the tree is drawn anew VS Code knows none of its nodes. */
  #selected: ReadonlySet<SessionID> = new Set()

  constructor(shelf: SessionShelf, marks: SessionMarks, shown: () => ReadonlySet<SessionID>) {
    this.#shelf = shelf
    this.#marks = marks
    this.#shown = shown
    this.#view = this.#store.add(
      vscode.window.createTreeView<SessionNode>('opencodeSessions.sessions', {
        treeDataProvider: this,
        canSelectMany: true,
        showCollapseAll: true,
      }),
    )
    this.#store.add(shelf.onDidChange(() => this.redraw()))
    this.#store.add(this.#view.onDidChangeVisibility(() => this.#draw()))
    this.#store.add(
      this.#view.onDidChangeSelection(({ selection }) => {
        const sessions = selection.flatMap((node) => (node.kind === 'session' ? [node.row.session.id] : []))
        this.#selected = new Set(sessions)
      }),
    )
    this.#clock = setInterval(() => {
      this.#last = undefined
      this.redraw()
    }, ageMs).unref()
    this.#draw()
  }

  get selection(): readonly SessionRow[] {
    return this.#shelf.rows().filter(({ session }) => this.#selected.has(session.id))
  }

  /** Draws soon; many changes at once cost one drawing. */
  redraw(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#draw()
    }, redrawMs)
  }

  getChildren(node?: SessionNode): SessionNode[] {
    if (!node) return this.#roots()
    if (node.kind === 'folder')
      return node.folder.groups.map((group) => ({ kind: 'group', directory: node.folder.directory, group }))
    const rows = node.kind === 'group' ? node.group.rows : node.kind === 'session' ? node.row.children : []
    return rows.map((row) => ({ kind: 'session', row }))
  }

  getTreeItem(node: SessionNode): vscode.TreeItem {
    switch (node.kind) {
      case 'folder':
        return folderItem(node.folder)
      case 'group':
        return groupItem(node.directory, node.group)
      case 'session':
        return sessionItem(node.row, this.#shown().has(node.row.session.id))
      case 'more':
        return moreItem()
    }
  }

  dispose(): void {
    clearTimeout(this.#timer)
    clearInterval(this.#clock)
    this.#store.dispose()
  }

  #roots(): SessionNode[] {
    const rows = nestRows(this.#shelf.rows())
    const folders = groupByFolder(rows, this.#shelf.folders, new Date())
    const only = folders.length === 1 && this.#shelf.scope === 'folder' ? folders[0] : undefined
    const nodes: SessionNode[] = only
      ? only.groups.map((group) => ({ kind: 'group', directory: only.directory, group }))
      : folders.map((folder) => ({ kind: 'folder', folder }))
    const hasMore = this.#shelf.search === undefined && this.#shelf.hasMore
    return hasMore ? [...nodes, { kind: 'more' }] : nodes
  }

  /** A hidden view is not asked for its children, so only its badge is kept. */
  #draw(): void {
    const { search, scope, showsArchived } = this.#shelf
    const unseen = this.#marks.unseenCount
    const tooltip =
      unseen === 1
        ? vscode.l10n.t('One session ended unseen')
        : vscode.l10n.t('{0} sessions ended unseen', unseen)
    this.#view.badge = unseen === 0 ? undefined : { value: unseen, tooltip }
    setContextKey('sessionScope', scope)
    setContextKey('showsArchived', showsArchived)
    setContextKey('isSearching', search !== undefined)
    this.#view.description = scope === 'everywhere' ? vscode.l10n.t('everywhere') : ''
    this.#view.message = search && searchMessage(search.text, search.hits.size, search.isRunning)
    if (this.#view.visible) this.#drawRows()
  }

  /** Drawing anew what is the same would cost the list its hover and its place. */
  #drawRows(): void {
    const drawn = [this.#roots(), [...this.#shown()]]
    if (isSame(drawn, this.#last)) return
    this.#last = drawn
    this.#onDidChange.fire(undefined)
  }
}

/** Whether a command was given a node of the view. */
export function isSessionNode(value: unknown): value is Extract<SessionNode, { kind: 'session' }> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'session' &&
    'row' in value
  )
}

function searchMessage(text: string, count: number, isRunning: boolean): string {
  if (isRunning) return vscode.l10n.t('Searching for "{0}"…', text)
  if (count === 0) return vscode.l10n.t('No session has "{0}".', text)
  return count === 1
    ? vscode.l10n.t('One session has "{0}"', text)
    : vscode.l10n.t('{0} sessions have "{1}"', count, text)
}

function folderItem({ directory, groups }: FolderGroup): vscode.TreeItem {
  const item = new vscode.TreeItem(basename(directory) || directory, vscode.TreeItemCollapsibleState.Expanded)
  item.id = `folder ${directory}`
  item.iconPath = new vscode.ThemeIcon('folder')
  item.tooltip = directory
  item.contextValue = 'folder'
  const count = groups.reduce((sum, { rows }) => sum + rows.length, 0)
  item.description = String(count)
  return item
}

const openGroups: ReadonlySet<DateGroup> = new Set(['pinned', 'today', 'yesterday', 'week'])

function groupItem(directory: string, { group, rows }: RowGroup): vscode.TreeItem {
  const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState
  const item = new vscode.TreeItem(groupNames[group](), openGroups.has(group) ? Expanded : Collapsed)
  item.id = `group ${group} ${directory}`
  item.contextValue = 'group'
  item.description = String(rows.length)
  return item
}

export const groupNames: Readonly<Record<DateGroup, () => string>> = {
  pinned: () => vscode.l10n.t('Pinned'),
  today: () => vscode.l10n.t('Today'),
  yesterday: () => vscode.l10n.t('Yesterday'),
  week: () => vscode.l10n.t('Last 7 days'),
  month: () => vscode.l10n.t('Last 30 days'),
  older: () => vscode.l10n.t('Older'),
  archived: () => vscode.l10n.t('Archived'),
}

function sessionItem(row: SessionRow, isShown: boolean): vscode.TreeItem {
  const { session, mark, children, snippet } = row
  const { Collapsed, None } = vscode.TreeItemCollapsibleState
  const title = sessionTitle(row)
  const item = new vscode.TreeItem(title, children.length > 0 ? Collapsed : None)
  const state = markWord(row)
  const time = relativeTime(session.updated)
  item.id = session.id
  item.iconPath = iconOf(row, isShown)
  item.description = [state, snippet ?? time].filter((word) => word !== '').join(' · ')
  item.tooltip = [title, [state, time].filter((word) => word !== '').join(' · '), session.directory].join(
    '\n',
  )
  item.contextValue = contextOf(row)
  item.accessibilityInformation = { label: [title, state, time].filter((word) => word !== '').join(', ') }
  item.command = {
    command: 'opencodeSessions.openSession',
    title: vscode.l10n.t('Open Session'),
    arguments: [{ kind: 'session', row }],
  }
  if (mark === 'busy') item.tooltip += `\n${vscode.l10n.t('Running')}`
  return item
}

export function sessionTitle({ session }: SessionRow): string {
  return session.untitled || session.title.trim() === '' ? vscode.l10n.t('Untitled session') : session.title
}

/** The state as a word; empty when there is nothing to say. */
export function markWord({ mark, session }: SessionRow): string {
  if (session.archived !== undefined) return vscode.l10n.t('archived')
  const words = {
    waiting: vscode.l10n.t('waits for you'),
    busy: vscode.l10n.t('running'),
    failed: vscode.l10n.t('failed'),
    unread: vscode.l10n.t('new answer'),
    idle: '',
  }
  return words[mark]
}

function iconOf({ mark, isPinned, session }: SessionRow, isShown: boolean): vscode.ThemeIcon {
  switch (mark) {
    case 'waiting':
      return new vscode.ThemeIcon('bell-dot', new vscode.ThemeColor('list.warningForeground'))
    case 'busy':
      return new vscode.ThemeIcon('loading~spin')
    case 'failed':
      return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'))
    case 'unread':
      return new vscode.ThemeIcon('circle-filled', new vscode.ThemeColor('notificationsInfoIcon.foreground'))
    case 'idle':
      if (session.archived !== undefined) return new vscode.ThemeIcon('archive')
      if (session.parentID !== undefined) return new vscode.ThemeIcon('type-hierarchy-sub')
      if (isPinned) return new vscode.ThemeIcon('pinned')
      return new vscode.ThemeIcon(isShown ? 'comment-discussion' : 'comment')
  }
}

/** Words that `when` clauses of the menus look for. */
function contextOf({ session, mark, isPinned, canArchive }: SessionRow): string {
  return [
    'session',
    isPinned ? 'pinned' : 'unpinned',
    ...(canArchive ? [session.archived === undefined ? 'kept' : 'archived'] : []),
    session.parentID === undefined ? 'root' : 'child',
    ...(mark === 'busy' || mark === 'waiting' ? ['running'] : []),
  ].join(' ')
}

function moreItem(): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Load more sessions'))
  item.id = 'more'
  item.iconPath = new vscode.ThemeIcon('ellipsis')
  item.command = { command: 'opencodeSessions.loadMoreSessions', title: vscode.l10n.t('Load more sessions') }
  return item
}
