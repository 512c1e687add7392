import assert from 'node:assert/strict'
import { backoffRestarts, type RestartPolicy } from '../../../src/server/restartPolicy.ts'

function delays(policy: RestartPolicy, times: readonly number[]): readonly (number | undefined)[] {
  let current: RestartPolicy = policy
  return times.map((time) => {
    const step = current.next(time, 0)
    current = step?.policy ?? current
    return step?.delayMs
  })
}

describe('The restart policy', () => {
  it('waits 1, 2, 4, 8 and 16 seconds and then gives up', () => {
    assert.deepEqual(delays(backoffRestarts(), [0, 1, 2, 3, 4, 5]), [
      1000,
      2000,
      4000,
      8000,
      16_000,
      undefined,
    ])
  })

  it('forgets restarts that are more than five minutes old', () => {
    const minute = 60_000
    assert.deepEqual(delays(backoffRestarts(), [0, minute, 6.5 * minute]), [1000, 2000, 1000])
  })

  it('starts the count anew after a healthy period', () => {
    const second = backoffRestarts().next(0, 0)?.policy.next(1, 0)
    assert.equal(second?.count, 2)
    assert.equal(second.policy.next(200_000, 130_000)?.count, 1)
  })

  it('is not changed by being asked', () => {
    const policy = backoffRestarts()
    assert.deepEqual(policy.next(0, 0)?.delayMs, policy.next(0, 0)?.delayMs)
  })
})
