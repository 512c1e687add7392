import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { readBlock } from '../../../../src/client/v1/blocks.ts'
import { newFilePatch, readFileDiffs } from '../../../../src/client/fileDiffs.ts'
import { readHead, readMessage, readRunError } from '../../../../src/client/v1/messages.ts'
import { readPermission, readQuestion } from '../../../../src/client/v1/requests.ts'
import { readSession, readStatusMap, readTodos } from '../../../../src/client/v1/sessions.ts'
import type { FileBlock } from '../../../../src/session/model.ts'

function fileBlock(part: object): FileBlock {
  const block = readBlock({ id: 'prt_1', type: 'file', mime: 'text/plain', ...part })
  assert.ok(block?.type === 'file')
  return block
}

describe('sessions of the 1.x wire', () => {
  it('are read with all that is known of them', () => {
    const session = readSession({
      id: 'ses_1',
      title: 'Child session - 2026-11-20T23:47:33.376Z',
      directory: '/p',
      parentID: 'ses_0',
      time: { created: 1, updated: 2, archived: 3 },
      agent: 'build',
      model: { id: 'm', providerID: 'p', variant: 'default' },
      revert: { messageID: 'msg_1' },
      share: { url: 'https://example.com/s' },
    })
    assert.deepEqual(session, {
      id: 'ses_1',
      title: 'Child session - 2026-11-20T23:47:33.376Z',
      untitled: true,
      directory: '/p',
      parentID: 'ses_0',
      created: 1,
      updated: 2,
      archived: 3,
      agent: 'build',
      model: { providerID: 'p', modelID: 'm' },
      revertedFrom: 'msg_1',
      shareUrl: 'https://example.com/s',
    })
  })

  it('are left out when they have no usable id, and forgiven everything else', () => {
    for (const odd of [undefined, null, 3, [], {}, { id: 'x' }, { id: 'ses_a/b' }])
      assert.equal(readSession(odd), undefined)
    assert.deepEqual(readSession({ id: 'ses_1', title: 7, time: 'x', model: [] }), {
      id: 'ses_1',
      title: '',
      untitled: true,
      directory: '',
      created: 0,
      updated: 0,
    })
  })

  it('that are not in the status map are idle', () => {
    const map = readStatusMap({
      ses_1: { type: 'busy' },
      ses_2: { type: 'retry', attempt: 2, message: 'slow', next: 9, action: {} },
      ses_3: { type: 'idle' },
      bad: { type: 'busy' },
      ses_4: { type: 'dancing' },
    })
    assert.deepEqual([...map.keys()], ['ses_1', 'ses_2'])
    assert.deepEqual(map.get('ses_2' as never), { kind: 'retry', attempt: 2, message: 'slow', next: 9 })
  })

  it('have todos of which odd ones are left out', () => {
    assert.deepEqual(
      readTodos([
        { content: 'a', status: 'weird' },
        { status: 'pending' },
        5,
        { content: 'b', status: 'cancelled' },
      ]),
      [
        { content: 'a', status: 'pending' },
        { content: 'b', status: 'cancelled' },
      ],
    )
  })
})

describe('messages of the 1.x wire', () => {
  it('leave the diffs of the turn on the wire', () => {
    const info = {
      id: 'msg_1',
      role: 'user',
      time: { created: 1 },
      summary: { diffs: [{ file: 'a', patch: 'x'.repeat(99) }] },
    }
    assert.deepEqual(readHead(info), { id: 'msg_1', role: 'user', created: 1 })
  })

  it('close their texts when they are complete', () => {
    const part = { id: 'prt_1', type: 'text', text: 'half', time: { start: 1 } }
    const open = readMessage({
      info: { id: 'msg_1', role: 'assistant', time: { created: 1 } },
      parts: [part],
    })
    const closed = readMessage({
      info: { id: 'msg_1', role: 'assistant', time: { created: 1, completed: 2 } },
      parts: [part],
    })
    assert.deepEqual(
      [open, closed].map((message) => message?.blocks[0]),
      [
        { type: 'text', id: 'prt_1', text: 'half', open: true },
        { type: 'text', id: 'prt_1', text: 'half', open: false },
      ],
    )
  })

  it('name the kind of what went wrong', () => {
    const kinds = [
      ['MessageAbortedError', {}, 'aborted'],
      ['ProviderAuthError', {}, 'auth'],
      ['APIError', { statusCode: 403 }, 'auth'],
      ['APIError', { statusCode: 429 }, 'rate-limit'],
      ['APIError', { statusCode: 500 }, 'provider'],
      ['ContextOverflowError', {}, 'context-overflow'],
      ['UnknownError', {}, 'other'],
    ] as const
    for (const [name, data, kind] of kinds) assert.equal(readRunError({ name, data })?.kind, kind)
    assert.equal(readRunError(undefined), undefined)
    const leaky = readRunError({
      name: 'APIError',
      data: { message: 'no', responseHeaders: { a: 'secret' }, responseBody: 'secret' },
    })
    assert.doesNotMatch(JSON.stringify(leaky), /secret/)
  })

  it('show small pictures and keep all other content back', () => {
    const png = 'data:image/png;base64,AAAA'
    assert.equal(fileBlock({ mime: 'image/png', url: png, filename: 'a.png' }).preview, png)
    assert.equal(fileBlock({ mime: 'image/png', url: png + 'A'.repeat(500_000) }).preview, undefined)
    assert.equal(
      fileBlock({ mime: 'image/svg+xml', url: 'data:image/svg+xml;base64,AAAA' }).preview,
      undefined,
    )
    assert.equal(fileBlock({ url: 'data:text/plain;base64,AAAA' }).preview, undefined)
  })

  it('read paths and lines of files back, whatever the system', () => {
    assert.deepEqual(fileBlock({ url: 'file:///a/b%20%25c.ts?start=2&end=3' }), {
      type: 'file',
      id: 'prt_1',
      mime: 'text/plain',
      name: 'b %c.ts',
      path: '/a/b %c.ts',
      lines: { start: 2, end: 3 },
    })
    assert.equal(fileBlock({ url: 'file:///C:/a/b.ts' }).path, 'C:\\a\\b.ts')
    assert.equal(fileBlock({ url: 'file:///a?start=5&end=2' }).lines, undefined)
    assert.equal(fileBlock({ url: 'file:///bad%2Fslash' }).path, undefined)
    assert.equal(fileBlock({ url: 'https://example.com/x' }).path, undefined)
  })

  it('turn special parts into notices', () => {
    const notice = (part: object): unknown => {
      const block = readBlock({ id: 'prt_1', ...part })
      return block?.type === 'notice' ? [block.notice, block.text] : block
    }
    assert.deepEqual(notice({ type: 'compaction', auto: true }), [
      'compaction',
      'Conversation summarized automatically',
    ])
    assert.deepEqual(notice({ type: 'agent', name: 'explore' }), ['agent', '@explore'])
    assert.deepEqual(notice({ type: 'subtask', description: 'look' }), ['subtask', 'look'])
    assert.deepEqual(notice({ type: 'retry', error: { data: { message: 'again' } } }), ['retry', 'again'])
    assert.deepEqual(notice({ type: 'patch', files: ['a', 'b'] }), ['patch', 'a\nb'])
    for (const type of ['step-start', 'step-finish', 'snapshot', 'hologram'])
      assert.equal(notice({ type }), undefined)
  })
})

describe('requests of the 1.x wire', () => {
  it('keep what the answer needs', () => {
    const wire = {
      id: 'per_1',
      sessionID: 'ses_1',
      permission: 'bash',
      patterns: ['ls'],
      always: ['ls *'],
      metadata: { command: 'ls' },
    }
    assert.deepEqual(readPermission(wire, '/p'), {
      kind: 'permission',
      id: 'per_1',
      sessionID: 'ses_1',
      directory: '/p',
      action: 'shell',
      patterns: ['ls'],
      always: ['ls *'],
      command: 'ls',
    })
    assert.equal(readPermission({ ...wire, id: '../x' }, '/p'), undefined)
    const question = readQuestion(
      {
        id: 'que_1',
        sessionID: 'ses_1',
        questions: [{ question: 'Q', custom: false, options: [{}, { label: 'a' }] }],
      },
      '/p',
    )
    assert.deepEqual(question?.questions, [
      { header: '', question: 'Q', options: [{ label: 'a' }], multiple: false, custom: false },
    ])
  })
})
describe('diffs of the 1.x wire', () => {
  it('are counted where the server does not say', () => {
    const patch = '--- a\n+++ b\n@@ -1,2 +1,2 @@\n-x\n+y\n z\n'
    assert.deepEqual(
      readFileDiffs([
        { file: 'a', patch, status: 'modified' },
        { patch },
        { file: 'b', additions: 3, deletions: 0, status: 'added' },
      ]),
      [
        { path: 'a', patch, additions: 1, deletions: 1, status: 'modified' },
        { path: 'b', additions: 3, deletions: 0, status: 'added' },
      ],
    )
    assert.match(newFilePatch('/f', 'a\nb'), /@@ -0,0 \+1,2 @@\n\+a\n\+b\n\\ No newline/)
    assert.equal(newFilePatch('/f', ''), '--- /dev/null\n+++ /f\n')
  })
})
