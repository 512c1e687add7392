import assert from 'node:assert/strict'
import { Redactor } from '../../../src/platform/redactor.ts'

describe('Redactor', () => {
  it('takes a secret out in the forms in which it travels', () => {
    const redactor = new Redactor()
    redactor.add('pa ss/word&1', 'anna')
    const basic = Buffer.from('anna:pa ss/word&1').toString('base64')
    const text = `one pa ss/word&1 two ${basic} three ${encodeURIComponent('pa ss/word&1')}`
    assert.equal(redactor.redact(text), 'one *** two *** three ***')
  })

  it('blanks any authorization header, even of a secret that it does not know', () => {
    const text = new Redactor().redact('GET / authorization: Basic YW5uYTpzZWNyZXQ= accept: *')
    assert.equal(text, 'GET / authorization: Basic *** accept: *')
  })

  it('leaves texts alone when a secret is so short that it would hit ordinary words', () => {
    const redactor = new Redactor()
    redactor.add('a')
    assert.equal(redactor.redact('a cat'), 'a cat')
  })
})
