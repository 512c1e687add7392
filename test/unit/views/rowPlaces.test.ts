import assert from 'node:assert/strict'
import { toSessionID } from '../../../src/opencode/ids.ts'
import type { SessionMark, SessionRow } from '../../../src/views/sessions/grouping.ts'
import { RowPlaces } from '../../../src/views/sessions/rowPlaces.ts'
import { session } from '../session/support/builders.ts'

const now = new Date(2026, 10, 21, 12)
const noon = now.getTime()

function row(id: string, updated: number, mark: SessionMark = 'idle'): SessionRow {
  return {
    session: session(toSessionID(`ses_${id}`), { title: id, updated }),
    mark,
    isPinned: false,
    canArchive: true,
    children: [],
  }
}

function words(places: RowPlaces): string {
  return places.lines
    .map((line) => (line.kind === 'head' ? line.group : `${line.row.session.title}:${line.row.mark}`))
    .join(' ')
}

describe('the places of an open list', () => {
  it('stay when sessions change, and take what is new of them over', () => {
    const places = new RowPlaces()
    places.update([row('a', noon), row('b', noon - 1), row('c', noon - 2)], [], now)
    assert.equal(words(places), 'today a:idle b:idle c:idle')
    places.update([row('c', noon + 9, 'unread'), row('a', noon), row('b', noon - 1)], [], now)
    assert.equal(words(places), 'today a:idle b:idle c:unread')
  })

  it('stay when a session is gone, and new ones come behind', () => {
    const places = new RowPlaces()
    places.update([row('a', noon), row('b', noon - 1)], [], now)
    places.update([row('b', noon - 1), row('new', noon + 9)], [], now)
    assert.equal(words(places), 'today a:idle b:idle today new:idle')
  })

  it('are made anew when the user changes what is listed', () => {
    const places = new RowPlaces()
    places.update([row('a', noon), row('b', noon - 1)], [], now)
    places.clear()
    places.update([row('b', noon + 1), row('a', noon)], [], now)
    assert.equal(words(places), 'today b:idle a:idle')
  })
})
