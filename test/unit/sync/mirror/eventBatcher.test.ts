import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { EventBatcher } from '../../../../src/sync/mirror/eventBatcher.ts'

describe('EventBatcher', () => {
  const lists: (readonly number[])[] = []
  const start = (pausedLimit = 10): EventBatcher<number> =>
    new EventBatcher<number>({
      deliver: (list) => lists.push(list),
      coalesce: (list) => [...new Set(list)],
      pausedLimit,
    })

  beforeEach(() => {
    lists.length = 0
  })

  it('hands out one short list per frame', async () => {
    const batcher = start()
    const begin = performance.now()
    while (performance.now() - begin < 160) {
      batcher.push([1, 1, 2])
      await sleep(1)
    }
    const frames = (performance.now() - begin) / 16
    assert.ok(lists.length <= frames + 2, `${lists.length} lists in ${frames.toFixed(1)} frames`)
    assert.ok(lists.every((list) => list.length === 2))
    batcher.dispose()
  })

  it('hands out nothing while paused, and all of it after', async () => {
    const batcher = start()
    batcher.pause()
    batcher.push([1])
    batcher.push([2])
    await sleep(40)
    assert.deepEqual(lists, [])
    assert.equal(batcher.resume(), true)
    assert.deepEqual(lists, [[1, 2]])
    batcher.dispose()
  })

  it('asks for a snapshot when too much came while it was paused', () => {
    const batcher = start(4)
    batcher.pause()
    for (let item = 0; item < 50; item++) batcher.push([item])
    assert.equal(batcher.resume(), false)
    assert.deepEqual(lists, [])
    batcher.push([1])
    batcher.flush()
    assert.deepEqual(lists, [[1]])
    batcher.dispose()
  })

  it('hands out nothing after its end', async () => {
    const batcher = start()
    batcher.push([1])
    batcher.dispose()
    await sleep(30)
    assert.deepEqual(lists, [])
  })
})
