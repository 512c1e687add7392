import assert from 'node:assert/strict'
import { KeptPlaces } from '../../../src/util/keptPlaces.ts'

const rows = (text: string) =>
  text.split(' ').map((row) => ({ key: row.split(':')[0] ?? '', state: row.split(':')[1] ?? '' }))

function shown(places: KeptPlaces<{ readonly key: string; readonly state: string }>, text: string): string {
  return places
    .update(rows(text))
    .map(({ key, state }) => `${key}:${state}`)
    .join(' ')
}

describe('the rows of an open list', () => {
  const fresh = () => new KeptPlaces<{ readonly key: string; readonly state: string }>(({ key }) => key)

  it('keep their places, and show what is known of them now', () => {
    const places = fresh()
    assert.equal(shown(places, 'a:1 b:1 c:1'), 'a:1 b:1 c:1')
    assert.equal(shown(places, 'c:2 a:1 b:3'), 'a:1 b:3 c:2')
  })

  it('take what is new behind them, though it belongs in front, and keep what is gone', () => {
    const places = fresh()
    shown(places, 'a:1 b:1')
    assert.equal(shown(places, 'broken:1 b:2'), 'a:1 b:2 broken:1')
    assert.equal(shown(places, 'b:2 new:1'), 'a:1 b:2 broken:1 new:1')
  })
})
