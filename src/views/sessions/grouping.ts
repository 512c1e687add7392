import type { SessionID } from '../../opencode/ids.ts'
import type { Session } from '../../session/model.ts'

/** What a session is to the user now; the first that is true. */
export type SessionMark = 'waiting' | 'busy' | 'failed' | 'unread' | 'idle'

/** One line of the session browser. */
export interface SessionRow {
  readonly session: Session
  readonly mark: SessionMark
  readonly isPinned: boolean
  /** Whether its server can put it away. */
  readonly canArchive: boolean
  /** Where a search found it. */
  readonly snippet?: string
  /** Its subagents' sessions, as far as they are known. */
  readonly children: readonly SessionRow[]
}

export type DateGroup = 'pinned' | 'today' | 'yesterday' | 'week' | 'month' | 'older' | 'archived'

export interface RowGroup {
  readonly group: DateGroup
  readonly rows: readonly SessionRow[]
}

export interface FolderGroup {
  readonly directory: string
  readonly groups: readonly RowGroup[]
}

const order: readonly DateGroup[] = ['pinned', 'today', 'yesterday', 'week', 'month', 'older', 'archived']
const dayMs = 24 * 3_600_000

/** Rows by folder (in the order given, others by their newest session) and by the day of their last change. */
export function groupByFolder(
  rows: readonly SessionRow[],
  folders: readonly string[],
  now: Date,
): readonly FolderGroup[] {
  const byFolder = groupBy(rows, ({ session }) => session.directory)
  const rank = (directory: string): number => {
    const index = folders.indexOf(directory)
    return index < 0 ? folders.length : index
  }
  return [...byFolder]
    .sort(
      ([left, leftRows], [right, rightRows]) =>
        rank(left) - rank(right) || newest(rightRows) - newest(leftRows) || (left < right ? -1 : 1),
    )
    .map(([directory, own]) => ({ directory, groups: groupByDate(own, now) }))
}

export function groupByDate(rows: readonly SessionRow[], now: Date): readonly RowGroup[] {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime()
  const byDate = groupBy(rows, (row) => groupOf(row, midnight))
  return order.flatMap((group) => {
    const own = byDate.get(group)
    return own ? [{ group, rows: own.toSorted(compareRows) }] : []
  })
}

/** Hangs the sessions of subagents below their parents; those whose parent is not listed are left out. */
export function nestRows(rows: readonly SessionRow[]): readonly SessionRow[] {
  const byParent = groupBy(rows, ({ session }) => session.parentID)
  const nest = (row: SessionRow, seen: ReadonlySet<SessionID>): SessionRow => {
    const { id } = row.session
    const own = seen.has(id) ? [] : (byParent.get(id) ?? [])
    if (own.length === 0) return row
    const next = new Set([...seen, id])
    return { ...row, children: own.toSorted(compareRows).map((child) => nest(child, next)) }
  }
  return (byParent.get(undefined) ?? []).map((row) => nest(row, new Set()))
}

export function compareRows(left: SessionRow, right: SessionRow): number {
  return right.session.updated - left.session.updated || (left.session.id < right.session.id ? -1 : 1)
}

function groupOf({ session, isPinned }: SessionRow, midnight: number): DateGroup {
  if (session.archived !== undefined) return 'archived'
  if (isPinned) return 'pinned'
  const age = midnight - session.updated
  if (age <= 0) return 'today'
  if (age <= dayMs) return 'yesterday'
  if (age <= 7 * dayMs) return 'week'
  return age <= 30 * dayMs ? 'month' : 'older'
}

function newest(rows: readonly SessionRow[]): number {
  return Math.max(...rows.map(({ session }) => session.updated))
}

function groupBy<Key, Value>(values: readonly Value[], keyOf: (value: Value) => Key): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>()
  for (const value of values) {
    const key = keyOf(value)
    const group = groups.get(key)
    if (group) group.push(value)
    else groups.set(key, [value])
  }
  return groups
}
