import assert from 'node:assert/strict'
import { insertAt, triggerAt } from '../../../../src/webview/composer/trigger.ts'

describe('What asks for suggestions', () => {
  const at = (marked: string) => triggerAt(marked.replace('|', ''), marked.indexOf('|'))

  it('is an @ behind a blank, a bracket or nothing', () => {
    assert.deepEqual(at('@|'), { kind: 'mention', start: 0, query: '' })
    assert.deepEqual(at('look at @src/a|dd'), { kind: 'mention', start: 8, query: 'src/a' })
    assert.deepEqual(at('line\n@x|'), { kind: 'mention', start: 5, query: 'x' })
    assert.deepEqual(at('(@a|'), { kind: 'mention', start: 1, query: 'a' })
  })

  it('is no mail address, no finished mention and no command line', () => {
    for (const text of ['me@example.org|', '@a |', 'a|@b', '!echo @|', ''])
      assert.equal(at(text), undefined, text)
  })

  it('is a / at the very start only, and no path', () => {
    assert.deepEqual(at('/co|'), { kind: 'slash', start: 0, query: 'co' })
    for (const text of [' /co|', '/usr/bin|', '/init now|', 'a /co|']) assert.equal(at(text), undefined, text)
  })

  it('makes room for a word in its place', () => {
    const trigger = at('see @ad| now') ?? assert.fail()
    assert.deepEqual(insertAt('see @ad now', trigger, '@src/add.ts'), {
      text: 'see @src/add.ts now',
      caret: 16,
    })
    assert.deepEqual(insertAt('@ad', { kind: 'mention', start: 0, query: 'ad' }, '@b'), {
      text: '@b ',
      caret: 3,
    })
  })
})
