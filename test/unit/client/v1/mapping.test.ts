import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { readBlock } from '../../../../src/client/v1/blocks.ts'
import { readCatalog } from '../../../../src/client/v1/catalog.ts'
import { fingerprint } from '../../../../src/client/providerID.ts'
import { readCredential, readStoredLogin } from '../../../../src/client/v1/credentials.ts'
import { newFilePatch, readFileDiffs } from '../../../../src/client/fileDiffs.ts'
import { directoryHeader, directoryQuery } from '../../../../src/client/v1/directory.ts'
import { readHead, readMessage, readRunError } from '../../../../src/client/v1/messages.ts'
import { fileUrl } from '../../../../src/client/promptContent.ts'
import { promptBody } from '../../../../src/client/v1/prompt.ts'
import { readProviderList } from '../../../../src/client/v1/providers.ts'
import { readPermission, readQuestion } from '../../../../src/client/v1/requests.ts'
import { readSession, readStatusMap, readTodos } from '../../../../src/client/v1/sessions.ts'
import { OpencodeError } from '../../../../src/opencode/errors.ts'
import { toBlockID, toMessageID } from '../../../../src/opencode/ids.ts'
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

describe('catalog and credentials of the 1.x wire', () => {
  const model = {
    id: 'm',
    providerID: 'p',
    name: 'M',
    capabilities: { reasoning: true, input: { text: true, pdf: false } },
    limit: { context: 9 },
  }
  const providers = {
    providers: [
      {
        id: 'p',
        name: 'P',
        key: 'sk-1',
        options: { apiKey: 'sk-2' },
        models: { m: model, old: { ...model, id: 'old', status: 'deprecated' } },
      },
    ],
    default: { p: 'm' },
  }

  it('hide hidden agents, deprecated models and every key', () => {
    const agents = [
      { name: 'title', mode: 'primary', hidden: true, prompt: 'secret prompt' },
      { name: 'own', mode: 'primary', options: { token: 'sk-3' } },
      { name: 'helper', mode: 'subagent' },
    ]
    const catalog = readCatalog({
      providers,
      agents,
      commands: [{ name: 'init', template: 'long' }, {}],
      config: { model: 'x/unknown' },
    })
    assert.deepEqual(
      catalog.agents.map((agent) => agent.name),
      ['own', 'helper'],
    )
    assert.deepEqual(
      catalog.models.map((item) => [item.modelID, item.inputs]),
      [['m', ['text']]],
    )
    assert.deepEqual([catalog.defaultModel, catalog.defaultAgent], [{ providerID: 'p', modelID: 'm' }, 'own'])
    assert.deepEqual(catalog.commands, [{ name: 'init' }])
    assert.doesNotMatch(JSON.stringify(catalog), /sk-|secret|long/)
    assert.deepEqual(readCatalog({ providers: 1, agents: null, commands: {}, config: [] }), {
      agents: [],
      models: [],
      commands: [],
    })
  })

  it('list providers with where their credential comes from, without the credential', () => {
    const openai = { one: { api: { npm: '@ai-sdk/openai', url: '' } } }
    const listed = [
      { id: 'a', name: 'A', env: ['A_KEY'], models: openai },
      { id: 'b' },
      { id: 'c' },
      { id: 'd' },
      { id: 'e' },
      { id: 'f' },
      { id: 'g' },
      5,
    ]
    const usable = [
      { id: 'a', source: 'api', key: 'sk-1' },
      { id: 'b', source: 'env', key: 'sk-2' },
      { id: 'c', source: 'config', options: { apiKey: 'sk-3' } },
      { id: 'd', source: 'custom', options: { apiKey: 'public' } },
      { id: 'g', source: 'config', options: { apiKey: 'sk-of-a-login-4' } },
    ]
    const config = { provider: { c: { options: { apiKey: 'sk-3' } }, g: { options: {} } } }
    const all = { all: listed, connected: ['e'] }
    const infos = readProviderList({ all, usable: { providers: usable }, config })
    assert.deepEqual(
      infos.map(({ id, source }) => [id, source?.kind]),
      [
        ['a', 'key'],
        ['b', 'environment'],
        ['c', 'configuration'],
        ['d', 'free'],
        ['e', 'login'],
        ['f', undefined],
        ['g', 'login'],
      ],
    )
    assert.deepEqual(infos[0], {
      id: 'a',
      name: 'A',
      environment: ['A_KEY'],
      source: { kind: 'key', fingerprint: fingerprint('sk-1') },
      keyCheck: { url: 'https://api.openai.com/v1/models', header: 'authorization' },
    })
    assert.doesNotMatch(JSON.stringify(infos), /sk-/)
  })

  it('know how a key is checked only where the interface is known', () => {
    const check = (wire: object): unknown =>
      readProviderList({ all: { all: [{ id: 'p', ...wire }] }, usable: {} })[0]?.keyCheck
    const model = (npm: string, url: string): object => ({ models: { m: { api: { npm, url } } } })
    assert.deepEqual(
      check({ ...model('@ai-sdk/openai-compatible', ''), options: { baseURL: 'http://127.0.0.1:1/v1/' } }),
      {
        url: 'http://127.0.0.1:1/v1/models',
        header: 'authorization',
      },
    )
    assert.equal(check(model('@ai-sdk/openai-compatible', '')), undefined)
    assert.equal(check(model('@ai-sdk/amazon-bedrock', 'https://b')), undefined)
    assert.equal(check({}), undefined)
  })

  it('tell where a credential is', () => {
    const of = (provider: object): unknown =>
      readCredential({ providers: [{ id: 'p', models: {}, ...provider }] }, 'p')
    assert.deepEqual(of({ source: 'api', key: 'k' }), { kind: 'stored', fingerprint: fingerprint('k') })
    assert.deepEqual(of({ source: 'config', key: 'k' }), { kind: 'stored', fingerprint: fingerprint('k') })
    assert.deepEqual(of({ source: 'env', key: 'k' }), { kind: 'elsewhere' })
    assert.deepEqual(of({ source: 'config', options: { apiKey: 'k' } }), { kind: 'elsewhere' })
    assert.deepEqual(of({ source: 'config', options: {} }), { kind: 'none' })
    assert.deepEqual(of({ source: 'custom', options: {} }), { kind: 'stored', fingerprint: undefined })
    assert.deepEqual(of({ source: 'custom', options: { apiKey: 'public' } }), { kind: 'none' })
    assert.equal(readCredential({ providers: [] }, 'p'), undefined)
    assert.deepEqual(readStoredLogin({ connected: ['p'] }, 'p'), { kind: 'stored', fingerprint: undefined })
    assert.deepEqual(readStoredLogin({}, 'p'), { kind: 'none' })
    assert.deepEqual(readStoredLogin({ all: [{ id: 'p' }], connected: [] }, 'p'), { kind: 'none' })
    assert.deepEqual(readStoredLogin({ all: [{ id: 'q' }], connected: ['q'] }, 'p'), { kind: 'hidden' })
    assert.match(fingerprint('k'), /^[0-9a-f]{64}$/)
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
