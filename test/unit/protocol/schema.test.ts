import assert from 'node:assert/strict'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import { checkHostParams } from '../../../src/protocol/schema.ts'

describe('What the page sends', () => {
  it('passes when it is as agreed', () => {
    const params = { requestID: 'per_1', reply: 'reject', message: 'Use the other file.' }
    assert.deepEqual(checkHostParams('permission/reply', params), params)
  })

  it('loses fields that nobody agreed on', () => {
    assert.deepEqual(checkHostParams('draft/change', { text: 'a', extra: 1 }), { text: 'a' })
  })

  for (const [method, params] of [
    ['session/open', { sessionID: '../../config' }],
    ['session/open', { sessionID: 7 }],
    ['prompt/send', { text: 'a' }],
    ['prompt/send', { text: 'x'.repeat(2_000_001), items: [] }],
    ['command/run', { command: 'workbench.action.quit' }],
    ['permission/reply', { requestID: 'per_1', reply: 'forever' }],
    ['file/open', { path: 'a', line: 0 }],
    ['draft/change', undefined],
    ['question/reply', { requestID: 'que_1', answers: [['a'], 'b'] }],
  ] as const) {
    it(`is refused: ${method} with ${params === undefined ? 'nothing' : JSON.stringify(params).slice(0, 60)}`, () => {
      assert.throws(() => checkHostParams(method, params), hasCode('invalid-params'))
    })
  }

  for (const method of ['toString', 'constructor', '__proto__', 'auth/read']) {
    it(`is refused: the method ${method}`, () => {
      assert.throws(() => checkHostParams(method, {}), hasCode('unknown-method'))
    })
  }
})

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof OpencodeError && error.code === code
}
