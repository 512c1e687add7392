import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { lackOf, lacksOf, needAbility } from '../../../src/opencode/abilities.ts'
import { allCapabilities } from '../../webview/support/states.ts'

describe('what a server lacks', () => {
  const capabilities = { ...allCapabilities, share: false }

  it('is told with its version', () => {
    const sentence = 'This server (OpenCode 2.0.1) cannot share sessions.'
    assert.equal(lackOf({ capabilities, version: '2.0.1' }, 'share'), sentence)
    assert.throws(() => needAbility({ capabilities, version: '2.0.1' }, 'share'), {
      code: 'unsupported',
      message: sentence,
    })
  })

  it('is told to the menus as words, all of them', () => {
    assert.equal(lacksOf({ capabilities: { ...capabilities, archive: false } }), 'archive share')
    assert.equal(lacksOf({ capabilities: undefined }), '')
  })

  it('is nothing for what it can do, and while none runs', () => {
    assert.equal(lackOf({ capabilities, version: '2.0.1' }, 'fork'), undefined)
    assert.equal(lackOf({ capabilities: undefined, version: undefined }, 'share'), undefined)
    needAbility({ capabilities, version: '2.0.1' }, 'fork')
  })
})
