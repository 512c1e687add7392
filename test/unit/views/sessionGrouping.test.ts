import assert from 'node:assert/strict'
import { toSessionID } from '../../../src/opencode/ids.ts'
import type { Session } from '../../../src/session/model.ts'
import { groupByDate, groupByFolder, nestRows } from '../../../src/views/sessions/grouping.ts'
import type { SessionRow } from '../../../src/views/sessions/grouping.ts'

const now = new Date(2026, 10, 21, 15)
const hour = 3_600_000
const row = (id: string, hoursAgo: number, part: Partial<Session> = {}, isPinned = false): SessionRow => ({
  session: {
    id: toSessionID(`ses_${id}`),
    title: id,
    untitled: false,
    directory: '/one',
    created: 1,
    updated: now.getTime() - hoursAgo * hour,
    ...part,
  },
  mark: 'idle',
  isPinned,
  canArchive: true,
  children: [],
})
const titles = (rows: readonly SessionRow[]): readonly string[] => rows.map(({ session }) => session.title)

describe('Sessions in the browser', () => {
  it('stand below the day of their last change, pinned ones first and archived ones last', () => {
    const groups = groupByDate(
      [
        row('old', 24 * 90),
        row('month', 24 * 20),
        row('week', 24 * 4),
        row('yesterday', 20),
        row('late', 15.5),
        row('now', 1),
        row('newest', 0),
        row('kept', 24 * 300, {}, true),
        row('gone', 2, { archived: 5 }, true),
      ],
      now,
    )
    assert.deepEqual(
      groups.map(({ group, rows }) => [group, ...titles(rows)]),
      [
        ['pinned', 'kept'],
        ['today', 'newest', 'now'],
        ['yesterday', 'late', 'yesterday'],
        ['week', 'week'],
        ['month', 'month'],
        ['older', 'old'],
        ['archived', 'gone'],
      ],
    )
  })

  it('stand below their folder: those of the window first, others by their newest session', () => {
    const rows = [row('a', 9, { directory: '/other' }), row('b', 1, { directory: '/new' }), row('c', 99)]
    assert.deepEqual(
      groupByFolder(rows, ['/one'], now).map(({ directory }) => directory),
      ['/one', '/new', '/other'],
    )
  })

  it('hang below their parent, and an orphan or a circle is left out', () => {
    const rows = [
      row('root', 5),
      row('child', 1, { parentID: toSessionID('ses_root') }),
      row('grandchild', 2, { parentID: toSessionID('ses_child') }),
      row('orphan', 1, { parentID: toSessionID('ses_nobody') }),
      row('circle', 1, { parentID: toSessionID('ses_circle') }),
    ]
    const nested = nestRows(rows)
    assert.deepEqual(titles(nested), ['root'])
    assert.deepEqual(titles(nested[0]?.children ?? []), ['child'])
    assert.deepEqual(titles(nested[0]?.children[0]?.children ?? []), ['grandchild'])
  })

  it('are grouped fast, ten thousand of them', () => {
    const rows = Array.from({ length: 10_000 }, (_, index) =>
      row(`s${index}`, index % 2_000, { directory: `/d${index % 20}` }),
    )
    const start = performance.now()
    const folders = groupByFolder(nestRows(rows), ['/d3'], now)
    assert.equal(folders.length, 20)
    assert.ok(performance.now() - start < 500)
  })
})
