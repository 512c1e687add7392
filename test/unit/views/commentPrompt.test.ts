import assert from 'node:assert/strict'
import { commentsToPrompt } from '../../../src/views/review/commentPrompt.ts'

describe('Comments on a change', () => {
  const comment = {
    path: 'src/add.ts',
    start: 3,
    end: 4,
    quote: 'const a = 1\r\n',
    isOld: false,
    texts: ['Name it.', 'And test it.'],
  }

  it('name the place, quote the lines and say what was written', () => {
    assert.equal(commentsToPrompt([comment]), 'src/add.ts:3–4\n> const a = 1\n>\nName it.\nAnd test it.')
  })

  it('are numbered when there are several, and say which lines are those of before', () => {
    const old = { ...comment, end: 3, quote: 'x', isOld: true, texts: ['Why?'] }
    assert.equal(
      commentsToPrompt([old, { ...old, isOld: false }]),
      '1. src/add.ts:3 (as it was before your change)\n> x\nWhy?\n\n2. src/add.ts:3\n> x\nWhy?',
    )
  })

  it('quote no more than a few lines', () => {
    const quote = Array.from({ length: 40 }, (_, index) => `line ${index}`).join('\n')
    const words = commentsToPrompt([{ ...comment, quote }])
    assert.match(words, /> line 11\n> …\nName it\./)
    assert.equal(commentsToPrompt([]), '')
  })
})
