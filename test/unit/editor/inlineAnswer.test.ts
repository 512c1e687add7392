import assert from 'node:assert/strict'
import { previewOf, readReplacement, remarkOf } from '../../../src/editor/inlineAnswer.ts'
import { withoutPictures } from '../../../src/editor/withoutPictures.ts'

describe('An answer to a question at the cursor', () => {
  it('holds the text that is to stand there, the longest of its blocks', () => {
    const answer = 'Use this:\r\n```ts\r\nconst a = 1\r\nconst b = 2\r\n```\r\nand run\n```\nnpm test\n```'
    assert.equal(readReplacement(answer, 'const a = 0'), 'const a = 1\nconst b = 2')
    assert.equal(remarkOf(answer), 'Use this:\n\nand run')
  })

  it('keeps fences inside of longer fences, and blank lines at its end', () => {
    assert.equal(readReplacement('````md\n```\ncode\n```\n````', ''), '```\ncode\n```')
    assert.equal(readReplacement('```\na\n\n```', 'b'), 'a\n')
    assert.equal(readReplacement('```\n```', 'to be deleted'), '')
  })

  it('keeps blocks inside of fences that are no longer', () => {
    const text = '# Use\n```js\nadd(1)\n```\nand\n```\nmore\n```\nend'
    const inner = text.replace('```\nmore', '```sh\nmore')
    assert.equal(readReplacement(`Here:\n\`\`\`markdown\n${inner}\n\`\`\`\nDone.`, ''), inner)
    assert.equal(remarkOf(`Here:\n\`\`\`markdown\n${inner}\n\`\`\`\nDone.`), 'Here:\n\nDone.')
    const odd = '```ts\nconst open = `\n```js\n`\n```\nDone.'
    assert.equal(readReplacement(odd, ''), 'const open = `\n```js\n`')
    assert.equal(remarkOf(odd), 'Done.')
  })

  it('moves to where the lines stand, unless it stands there already', () => {
    assert.equal(
      readReplacement('```\nif (a) {\n  b()\n\n}\n```', '    b()'),
      '    if (a) {\n      b()\n\n    }',
    )
    assert.equal(readReplacement('```\n\tb()\n```', '\ta()'), '\tb()')
    assert.equal(readReplacement('```\n    b()\n```', '  a()'), '    b()')
  })

  it('may be words alone', () => {
    assert.equal(readReplacement('It is fine as it is.', 'a'), undefined)
    assert.equal(readReplacement('An open ```fence', 'a'), undefined)
  })

  it('is shown as a diff without what stays the same', () => {
    assert.equal(previewOf('a\r\nb\r\nc', 'a\nB\nc'), '  a\n- b\n+ B\n  c')
    assert.equal(previewOf('', 'new'), '- \n+ new')
    const lines = (first: string, last: string) => [first, ...'123456'.split(''), last].join('\n')
    assert.equal(previewOf(lines('a', 'z'), lines('A', 'Z')), '- a\n+ A\n  1\n  2\n  …\n  5\n  6\n- z\n+ Z')
  })

  it('shows no pictures, whose address may say something to others', () => {
    for (const text of ['![a](https://example.org/x)', '![a\nb][c]\n\n[c]: //example.org']) {
      assert.equal(withoutPictures(text), text.replace('!', '\\!'))
    }
    assert.equal(withoutPictures('if (![1, 2].includes(x)) return'), 'if (![1, 2].includes(x)) return')
  })
})
