import assert from 'node:assert/strict'
import type { SessionID } from '../../../src/opencode/ids.ts'
import { contentOf } from '../../../src/review/content.ts'
import { afterStep, pendingIn } from '../../../src/review/reviewedFile.ts'
import { isSameChange, placeAgain, placeAt, placesOf } from '../../../src/views/review/reviewPlaces.ts'
import type { PendingFile } from '../../../src/views/review/reviewState.ts'

const path = '/work/a.txt'
const text = (...lines: readonly string[]) =>
  contentOf(Buffer.from(lines.map((line) => `${line}\n`).join('')))

describe('review: places of several sessions in one file', () => {
  const now = text('A', 'b', 'c', 'd', 'E')
  const first = pending('ses_1', {
    before: text('a', 'b', 'c', 'd', 'e'),
    after: text('A', 'b', 'c', 'd', 'e'),
    now,
  })
  const second = pending('ses_2', { before: text('A', 'b', 'c', 'd', 'e'), after: now, now })

  it('shows each where it is, with the session whose change it is', () => {
    const places = placesOf([second, first], 'session')
    assert.deepEqual(
      places.map(({ pending: { sessionID }, hunk }) => [sessionID, hunk.now.start]),
      [
        ['ses_1', 0],
        ['ses_2', 4],
      ],
    )
    assert.equal(placeAt(places, 2)?.pending.sessionID, 'ses_2')
    assert.equal(placeAt(places, 99)?.pending.sessionID, 'ses_2')
  })

  it('shows once what two sessions saw alike', () => {
    const twin = { ...first, sessionID: 'ses_3' as SessionID }
    assert.equal(placesOf([first, twin], 'session').length, 1)
    assert.ok(isSameChange(first, twin, 'session'))
    assert.ok(!isSameChange(first, second, 'session'))
  })

  it('finds a place again when lines came before it, the nearest of several alike', () => {
    const [place] = placesOf([first], 'session')
    assert.ok(place)
    const moved = pending('ses_1', {
      before: text('x', 'a', 'b', 'a', 'c'),
      after: text('x', 'A', 'b', 'A', 'c'),
      now: text('x', 'A', 'b', 'A', 'c'),
    })
    assert.deepEqual(placeAgain(place, moved, 'session')?.now, { start: 1, end: 2 })
    const gone = pending('ses_1', { before: text('q'), after: text('Q'), now: text('Q') })
    assert.equal(placeAgain(place, gone, 'session'), undefined)
  })
})

type Texts = Readonly<Record<'before' | 'after' | 'now', ReturnType<typeof text>>>

function pending(sessionID: string, { before, after, now }: Texts): PendingFile {
  const file = afterStep(undefined, { path, start: before, end: after, isNewTurn: true })
  const what = pendingIn(file, 'session', now)
  return {
    sessionID: sessionID as SessionID,
    directory: '/work',
    file,
    now,
    pending: what,
    counts: undefined,
  }
}
