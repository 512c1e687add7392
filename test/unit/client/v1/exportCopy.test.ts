import assert from 'node:assert/strict'
import { copyDocument } from '../../../../src/client/v1/exportCopy.ts'

describe('A copy of an exported session', () => {
  it('has ids of its own everywhere, in the same order, and keeps all else', () => {
    const original = {
      info: {
        id: 'ses_1',
        title: 'T',
        parentID: 'ses_0',
        share: { url: 'x' },
        revert: {},
        time: { created: 1, archived: 5 },
      },
      messages: [
        {
          info: { id: 'msg_1', sessionID: 'ses_1', role: 'user' },
          parts: [{ id: 'prt_1', messageID: 'msg_1', sessionID: 'ses_1', text: 'about ses_1 and msg_1' }],
        },
        {
          info: { id: 'msg_2', sessionID: 'ses_1', parentID: 'msg_1' },
          parts: [
            { id: 'prt_2', messageID: 'msg_2' },
            { id: 'prt_3', messageID: 'msg_2' },
          ],
        },
      ],
    }
    const { info, messages } = copyDocument(original, 1_700_000_000_000)
    const text = JSON.stringify({ info, messages })
    assert.match(String(info['id']), /^ses_[0-9a-f]{12}\w{14}$/)
    assert.doesNotMatch(text, /"(ses_1|ses_0|msg_[12]|prt_[123])"/)
    assert.deepEqual(
      [info['title'], info['parentID'], info['share'], info['revert']],
      ['T', undefined, undefined, undefined],
    )
    assert.deepEqual(JSON.parse(JSON.stringify(info['time'])), { created: 1, updated: 1_700_000_000_000 })
    assert.match(text, /about ses_1 and msg_1/, 'what people wrote stays')
    const [first, second] = messages as { info: Record<string, string>; parts: Record<string, string>[] }[]
    assert.equal(second?.info['parentID'], first?.info['id'])
    assert.equal(first?.parts[0]?.['sessionID'], info['id'])
    const parts = second?.parts.map((part) => part['id'] ?? '') ?? []
    assert.deepEqual(parts.toSorted(), parts)
  })
})
