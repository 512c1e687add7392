import assert from 'node:assert/strict'
import { OutputTail } from '../../../../src/server/process/outputTail.ts'
import { portOfReadyLine } from '../../../../src/server/process/supervisorChannel.ts'

describe('The tail of what a server printed', () => {
  it('holds the last 40 lines', () => {
    const tail = new OutputTail([])
    for (let index = 0; index < 100; index++) tail.push(`line ${index}`)
    const lines = tail.toString().split('\n')
    assert.equal(lines.length, 40)
    assert.equal(lines.at(-1), 'line 99')
  })

  it('shows no terminal colours', () => {
    const tail = new OutputTail([])
    tail.push('\u001b[91m\u001b[1mError: \u001b[0mUnexpected error')
    assert.equal(tail.toString(), 'Error: Unexpected error')
  })

  it('shows neither our password nor one that the server made itself', () => {
    const tail = new OutputTail(['top-secret-word'])
    const logged = [tail.push('using top-secret-word here'), tail.push('server password abcDEF123')]
    assert.doesNotMatch(`${tail.toString()}${logged.join()}`, /top-secret-word|abcDEF123/)
    assert.equal(logged[1], undefined)
  })
})

describe('The line that says that a server is ready', () => {
  it('is understood from 1.x and from 2.x', () => {
    assert.equal(portOfReadyLine('opencode server listening on http://127.0.0.1:4567'), 4567)
    assert.equal(portOfReadyLine('server listening on http://127.0.0.1:4567/'), 4567)
    assert.equal(portOfReadyLine('{"url":"http://127.0.0.1:4567"}'), 4567)
    assert.equal(portOfReadyLine('{"version":"2.0.21", "url": "http://[::1]:4567/"}'), 4567)
  })

  it('is not taken from other lines', () => {
    for (const line of [
      'server listening on everything',
      'server listening on http://10.0.0.1:80',
      'http://127.0.0.1:1',
      '{"url":"http://10.0.0.1:80"}',
      'asked for {"url":"http://127.0.0.1:4567"}',
    ]) {
      assert.equal(portOfReadyLine(line), undefined, line)
    }
  })
})
