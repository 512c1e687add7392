import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { EventQueue } from '../../../src/client/http/eventQueue.ts'
import { Metrics } from '../../../src/client/metrics.ts'

describe('Metrics', () => {
  it('tells the half and nearly all of the latest times', () => {
    const metrics = new Metrics()
    assert.equal(metrics.requestMs, undefined)
    for (let ms = 1; ms <= 100; ms++) metrics.addRequestTime(ms)
    assert.deepEqual(metrics.requestMs, { p50: 50, p95: 95 })
    // Old times make room for new ones.
    for (let count = 0; count < 512; count++) metrics.addRequestTime(7)
    assert.deepEqual(metrics.requestMs, { p50: 7, p95: 7 })
  })

  it('counts events by second', () => {
    const metrics = new Metrics()
    for (let count = 0; count < 50; count++) metrics.addEvent()
    assert.equal(metrics.events, 50)
    assert.equal(metrics.eventsPerSecond, 5)
  })

  it('starts anew when it is reset', () => {
    const metrics = new Metrics()
    metrics.requests = 3
    metrics.addEvent()
    metrics.addLag(4)
    metrics.reset()
    const { requests, events, eventsPerSecond, lagMs } = metrics
    assert.deepEqual([requests, events, eventsPerSecond, lagMs], [0, 0, 0, undefined])
  })

  it('learns from the queue how long an event waited for its reader', async () => {
    const queue = new EventQueue<number>()
    queue.push(1)
    await new Promise((resolve) => setTimeout(resolve, 30))
    queue.push(2)
    await queue.take()
    assert.ok(queue.waitedMs >= 25, `${queue.waitedMs} ms`)
  })
})
