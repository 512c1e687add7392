import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { inRepository } from '../../../scripts/lib/repository.ts'
import { readSentences } from '../../../scripts/lib/sentences.ts'

describe('What the extension says', () => {
  const sentences = readSentences()

  it('can be translated: each sentence is one literal', () => {
    assert.ok(sentences.length > 200)
    assert.deepEqual(
      sentences.filter(({ message }) => message === undefined).map(({ place }) => place),
      [],
    )
  })

  it('has a value for each place in it, and a place for each value', () => {
    const wrong = sentences.filter(({ message = '', values }) => {
      const places = new Set([...message.matchAll(/\{(\d+)\}/g)].map(([, index]) => Number(index)))
      return values !== undefined && (places.size !== values || [...places].some((index) => index >= values))
    })
    assert.deepEqual(wrong, [])
  })

  it('goes into the package, where translations are looked for', () => {
    const { l10n } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8')) as { l10n?: string }
    assert.equal(l10n, './l10n')
    assert.match(readFileSync(inRepository('.vscodeignore'), 'utf8'), /^!l10n\/\*\*$/m)
  })
})
