import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { directoryHeader, directoryQuery } from '../../../../src/client/v1/directory.ts'
import { fileUrl } from '../../../../src/client/promptContent.ts'
import { promptBody } from '../../../../src/client/v1/prompt.ts'
import { OpencodeError } from '../../../../src/opencode/errors.ts'
import { toBlockID, toMessageID } from '../../../../src/opencode/ids.ts'

describe('prompts on the 1.x wire', () => {
  it('carry our ids, the choice and the parts', () => {
    const id = toMessageID('msg_1')
    const part = toBlockID('prt_1')
    const body = promptBody({
      id,
      created: 1,
      agent: 'plan',
      model: { providerID: 'p', modelID: 'm', variant: 'high' },
      parts: [
        { type: 'text', id: part, text: 'hi' },
        {
          type: 'file',
          id: part,
          path: '/a/x y.ts',
          name: 'x y.ts',
          mime: 'text/plain',
          lines: { start: 1, end: 2 },
        },
        { type: 'inline', id: part, name: 'u', mime: 'text/plain', base64: 'QQ==' },
      ],
    })
    assert.deepEqual(body, {
      messageID: 'msg_1',
      agent: 'plan',
      model: { providerID: 'p', modelID: 'm' },
      variant: 'high',
      parts: [
        { type: 'text', id: 'prt_1', text: 'hi' },
        {
          type: 'file',
          id: 'prt_1',
          mime: 'text/plain',
          filename: 'x y.ts',
          url: 'file:///a/x%20y.ts?start=1&end=2',
          source: { type: 'file', path: '/a/x y.ts', text: { value: '@x y.ts#1-2', start: 0, end: 0 } },
        },
        { type: 'file', id: 'prt_1', mime: 'text/plain', filename: 'u', url: 'data:text/plain;base64,QQ==' },
      ],
    })
  })

  it('encode odd paths of any system', () => {
    assert.equal(fileUrl('/a/100%/#b?c.ts', undefined), 'file:///a/100%25/%23b%3Fc.ts')
    assert.equal(fileUrl('C:\\Users\\a b\\x.ts', undefined), 'file:///C:/Users/a%20b/x.ts')
    assert.equal(fileUrl('\\\\srv\\share\\x.ts', undefined), 'file://srv/share/x.ts')
    assert.throws(() => fileUrl('relative.ts', undefined), OpencodeError)
  })

  it('encode directories as the server decodes them', () => {
    assert.deepEqual(directoryHeader('/a b/ü%'), { 'x-opencode-directory': '%2Fa%20b%2F%C3%BC%25' })
    assert.equal(directoryQuery('/a b'), 'directory=%2Fa%20b')
    assert.equal(directoryQuery('/100%'), 'directory=%252F100%2525')
  })
})
