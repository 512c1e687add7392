import assert from 'node:assert/strict'
import { checkCallbacks, checkRequest, maxTimeoutMs } from '../../../src/api/checkRequest.ts'

describe('The check of a request', () => {
  it('takes the least and the most that a request can be', () => {
    assert.equal(checkRequest({ prompt: 'Hello' }).prompt, 'Hello')
    const { signal } = new AbortController()
    const parts = [
      { type: 'text', text: 'more' },
      { type: 'file', path: '/a' },
      { type: 'agent', name: 'explore' },
      { type: 'data', name: 'a.png', mime: 'image/png', data: new Uint8Array([1]) },
    ]
    const whole = { prompt: 'x', parts, agent: 'build', sessionID: 'ses_1', title: ' T ', timeout: 1, signal }
    const checked = checkRequest({ ...whole, folder: '/p', model: 'openrouter/meta/llama' })
    assert.deepEqual(checked.model, { providerID: 'openrouter', modelID: 'meta/llama' })
    assert.equal(checked.title, 'T')
    assert.deepEqual(checked.parts, parts)
  })

  it('needs a prompt or parts', () => {
    assert.equal(checkRequest({ parts: [{ type: 'text', text: 'x' }] }).prompt, '')
    for (const request of [{}, { prompt: '\n ' }, { prompt: '', parts: [] }, { prompt: null }]) {
      assert.throws(() => checkRequest(request), { code: 'no-prompt' }, JSON.stringify(request))
    }
  })

  it('refuses parts that lack what they need', () => {
    const bad = [{}, null, { type: 'text' }, { type: 'data', name: 'a', mime: 'b' }, { type: 'nonsense' }]
    for (const part of bad) {
      assert.throws(() => checkRequest({ prompt: 'x', parts: [part] }), { code: 'invalid-part' })
    }
    assert.throws(() => checkRequest({ prompt: 'x', parts: 'y' }), { code: 'invalid-part' })
  })

  it('refuses a timeout that a timer could not keep', () => {
    for (const timeout of [0, -1, NaN, Infinity, maxTimeoutMs + 1, '10', null]) {
      assert.throws(
        () => checkRequest({ prompt: 'x', timeout }),
        { code: 'invalid-timeout' },
        String(timeout),
      )
    }
  })

  it('refuses models without a provider', () => {
    for (const model of ['', 'gpt', '/gpt', 'openai/', {}, { modelID: 'x' }, 5]) {
      assert.throws(
        () => checkRequest({ prompt: 'x', model }),
        { code: 'unknown-model' },
        JSON.stringify(model),
      )
    }
  })

  it('takes functions alone as callbacks', () => {
    assert.deepEqual(checkCallbacks(undefined), {})
    assert.throws(() => checkCallbacks({ onError: 'log' }), { code: 'invalid-request' })
    assert.throws(() => checkCallbacks(5), { code: 'invalid-request' })
  })
})
