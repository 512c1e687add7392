import assert from 'node:assert/strict'
import { OpencodeError } from '../../../src/opencode/errors.ts'
import {
  attachmentLimitBytes,
  checkSize,
  hiddenText,
  inlinePart,
  lineLabel,
} from '../../../src/prompt/attachment.ts'
import { composePrompt } from '../../../src/prompt/prompt.ts'
import { createBlockID, createMessageID } from '../../../src/prompt/promptIds.ts'

describe('Ids of ours', () => {
  it('rise with time and are never made twice, also within one millisecond and when the clock goes back', () => {
    const ids = [5_000, 5_000, 5_000, 4_000, 6_000].map((now) => createMessageID(1_700_000_000_000 + now))
    assert.deepEqual([...ids].sort(), ids)
    assert.equal(new Set(ids).size, ids.length)
  })

  it('begin as the server wants them', () => {
    assert.match(createMessageID(), /^msg_[0-9a-f]{12}[0-9A-Za-z]{14}$/)
    assert.match(createBlockID(), /^prt_[0-9a-f]{12}[0-9A-Za-z]{14}$/)
  })
})

describe('A prompt', () => {
  it('begins with what was typed and goes on with the chips in their order', () => {
    const chip = (name: string) => ({
      item: { id: name, kind: 'file' as const, label: name, detail: name },
      parts: [hiddenText(`about ${name}`), inlinePart(name, 'text')],
    })
    const { parts, agent, model } = composePrompt('Do it', [chip('a'), chip('b')], { agent: 'plan' })
    assert.deepEqual(
      parts.map((part) => (part.type === 'text' ? part.text : part.name)),
      ['Do it', 'about a', 'a', 'about b', 'b'],
    )
    assert.equal(agent, 'plan')
    assert.equal(model, undefined)
  })

  it('has no text part when nothing was typed', () => {
    assert.deepEqual(composePrompt('  \n', [], {}).parts, [])
  })
})

describe('Attachments', () => {
  it('travel byte for byte', () => {
    const part = inlinePart('a', 'line 1\r\nÄ 漢')
    assert.ok(part.type === 'inline')
    assert.equal(Buffer.from(part.base64, 'base64').toString(), 'line 1\r\nÄ 漢')
  })

  it('are refused beyond the limit with a sentence that names file and size', () => {
    assert.throws(
      () => checkSize('big.log', attachmentLimitBytes * 2),
      (error) =>
        error instanceof OpencodeError &&
        error.code === 'too-large' &&
        /big\.log has 20\.0 MiB/.test(error.message),
    )
    assert.doesNotThrow(() => checkSize('fits', attachmentLimitBytes))
  })

  it('name one line or a range', () => {
    assert.equal(lineLabel({ start: 3, end: 3 }), '3')
    assert.equal(lineLabel({ start: 3, end: 9 }), '3–9')
  })
})
