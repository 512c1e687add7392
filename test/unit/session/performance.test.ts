import assert from 'node:assert/strict'
import { toBlockID, toMessageID } from '../../../src/opencode/ids.ts'
import { reduceSession } from '../../../src/session/reducer.ts'
import { assistant, state, text } from './support/builders.ts'

describe('reduceSession in a session of 5,000 messages', () => {
  it('takes an appended text in a few microseconds', () => {
    const old = Array.from({ length: 4_999 }, (_, index) =>
      assistant(`msg_${String(index).padStart(5, '0')}`, index),
    )
    let current = state([...old, assistant('msg_99999', 9_999, { blocks: [text('prt_1', '')] })])
    const append = {
      type: 'block/append' as const,
      messageID: toMessageID('msg_99999'),
      blockID: toBlockID('prt_1'),
      text: 'word ',
    }
    for (let index = 0; index < 500; index++) current = reduceSession(current, append)
    const samples: number[] = []
    for (let round = 0; round < 20; round++) {
      const start = performance.now()
      for (let index = 0; index < 100; index++) current = reduceSession(current, append)
      samples.push((performance.now() - start) * 10)
    }
    const median = samples.sort((left, right) => left - right)[10] ?? Number.NaN
    // The goal is 10 µs; the limit leaves room for a busy machine.
    assert.ok(median < 60, `${median.toFixed(1)} µs`)
    if (process.env['SYNC_FIGURES']) process.stdout.write(`      ${median.toFixed(2)} µs per appended text\n`)
  })
})
