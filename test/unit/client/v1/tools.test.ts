import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { readBlock } from '../../../../src/client/v1/blocks.ts'
import { toolKind } from '../../../../src/client/v1/tools.ts'
import { outputLimit } from '../../../../src/session/model.ts'
import type { ToolBlock } from '../../../../src/session/model.ts'
import { toolsOf } from './fixtures.ts'

const project = '/home/ada/project'

function tool(name: string, state: object): ToolBlock {
  const block = readBlock({ id: 'prt_1', type: 'tool', tool: name, callID: 'call_1', state })
  assert.ok(block?.type === 'tool')
  return block
}

describe('tool calls recorded from a real server', () => {
  it('shows a command with output and exit code', () => {
    const bash = toolsOf('bash')[0]
    assert.ok(bash)
    const { name, kind, status, target, output, exitCode, callID, outputCut, started = 0, ended = 0 } = bash
    assert.deepEqual([name, kind, status, target], ['bash', 'shell', 'completed', 'echo hi; exit 3'])
    assert.deepEqual([output, exitCode, outputCut], ['hi\n', 3, undefined])
    assert.match(callID, /^call_/)
    assert.ok(ended > started)
  })

  it('shows the lines that were read and the plain text of the file', () => {
    const [read] = toolsOf('edit')
    assert.deepEqual(
      [read?.kind, read?.target, read?.scope, read?.output, read?.outputCut],
      ['read', `${project}/a.txt`, 'line 2', 'two', undefined],
    )
    assert.deepEqual(
      toolsOf('readdir').map((block) => [block.scope, block.output]),
      [[undefined, 'greeting.ts\nsum.py']],
    )
    assert.equal(toolsOf('write')[1]?.scope, undefined)
  })

  it('shows an edit with its diff and counts', () => {
    const edit = toolsOf('edit')[1]
    assert.deepEqual([edit?.kind, edit?.target], ['edit', `${project}/a.txt`])
    const [file] = edit?.files ?? []
    assert.deepEqual(
      [file?.path, file?.additions, file?.deletions, file?.status],
      [`${project}/a.txt`, 1, 1, 'modified'],
    )
    assert.match(file?.patch ?? '', /^-two\n\+TWO$/m)
  })

  it('makes the diff of a new file from its content and leaves it out for a replaced one', () => {
    const [created, , replaced] = toolsOf('write')
    assert.deepEqual(created?.files, [
      {
        path: `${project}/new file.txt`,
        patch: `--- /dev/null\n+++ ${project}/new file.txt\n@@ -0,0 +1,2 @@\n+x\n+y\n`,
        additions: 2,
        deletions: 0,
        status: 'added',
      },
    ])
    assert.deepEqual(replaced?.files, [
      { path: `${project}/README.md`, additions: 0, deletions: 0, status: 'modified' },
    ])
  })

  it('shows searches with pattern and place', () => {
    assert.deepEqual(
      toolsOf('search').map((block) => [block.kind, block.target, block.scope]),
      [
        ['grep', 'greet', `in ${project}/src, *.ts`],
        ['glob', '**/*.py', undefined],
      ],
    )
  })

  it('carries todos and answers', () => {
    const [todo] = toolsOf('todo')
    assert.equal(todo?.target, '1 of 2 done')
    assert.deepEqual(todo.todos, [
      { content: 'one', status: 'completed' },
      { content: 'two', status: 'in_progress' },
    ])
    const [question] = toolsOf('question')
    assert.deepEqual([question?.kind, question?.target, question?.answers], ['question', 'Color', [['Blue']]])
  })

  it('names the child session of a subagent', () => {
    const [task] = toolsOf('task')
    assert.deepEqual([task?.kind, task?.target, task?.scope], ['subagent', 'look around', 'general'])
    assert.match(task?.childSessionID ?? '', /^ses_/)
  })

  it('shows failures with their error', () => {
    const [fetch] = toolsOf('fetch')
    assert.deepEqual([fetch?.kind, fetch?.status, fetch?.target], ['fetch', 'failed', 'http://127.0.0.1:9/x'])
    assert.match(fetch?.error ?? '', /Transport error/)
    assert.equal(toolsOf('schema')[0]?.status, 'failed')
    const [invalid] = toolsOf('invalid')
    assert.deepEqual([invalid?.kind, invalid?.target], ['other', 'nosuch'])
  })

  it('tells a rejected call from an interrupted one', () => {
    assert.equal(toolsOf('reject')[0]?.status, 'failed')
    assert.match(toolsOf('reject-message')[0]?.error ?? '', /use printf/)
    assert.equal(toolsOf('abort-permission')[0]?.status, 'interrupted')
    const [aborted] = toolsOf('abort-bash')
    assert.deepEqual(
      [aborted?.status, aborted?.output, aborted?.exitCode],
      ['interrupted', 'begin\n', undefined],
    )
  })

  it('says when the output is not whole', () => {
    const [long] = toolsOf('bash-long')
    assert.equal(long?.outputCut, true)
    assert.match(long.output ?? '', /30000/)
    assert.ok((long.output?.length ?? 0) <= outputLimit)
  })
})

describe('tool calls in general', () => {
  it('is pending with nothing but a name', () => {
    const block = tool('bash', { status: 'pending', input: {}, raw: '' })
    assert.deepEqual(
      [block.status, block.target, block.output, block.files],
      ['pending', undefined, undefined, undefined],
    )
  })

  it('shows the tail of the output while it runs', () => {
    const output = `${'old line\n'.repeat(5_000)}newest`
    const block = tool('bash', {
      status: 'running',
      input: { command: 'make\nmore' },
      metadata: { output },
      time: { start: 5 },
    })
    assert.equal(block.target, 'make …')
    assert.ok(
      block.output?.endsWith('newest') &&
        block.output.startsWith('old line') &&
        block.output.length <= outputLimit,
    )
    assert.equal(block.outputCut, true)
  })

  it('reads the files of a patch, moved and deleted ones too', () => {
    const patch = '@@ -1 +1 @@\n-a\n+b\n'
    const files = [
      { filePath: '/p/a', relativePath: 'a', type: 'update', patch, additions: 1, deletions: 1 },
      { filePath: '/p/b', type: 'add', patch: '@@ -0,0 +1 @@\n+x\n' },
      { filePath: '/p/c', movePath: '/p/d', type: 'move', patch: '' },
      { filePath: '/p/e', type: 'delete', additions: 0, deletions: 4 },
    ]
    const block = tool('apply_patch', {
      status: 'completed',
      input: { patchText: '' },
      metadata: { files },
      output: 'Success',
    })
    assert.deepEqual([block.kind, block.target, block.scope], ['patch', '/p/a', 'and 3 more files'])
    assert.deepEqual(
      block.files?.map((file) => [file.path, file.status, file.additions, file.deletions]),
      [
        ['/p/a', 'modified', 1, 1],
        ['/p/b', 'added', 1, 0],
        ['/p/d', 'modified', 0, 0],
        ['/p/e', 'deleted', 0, 4],
      ],
    )
    const running = tool('apply_patch', {
      status: 'running',
      input: { patchText: '*** Begin Patch\n*** Add File: n.ts\n+x\n' },
    })
    assert.equal(running.target, 'n.ts')
  })

  it('describes tools of MCP servers by their title or a short input', () => {
    assert.equal(tool('db_query', { status: 'running', input: { sql: 'select 1' } }).target, 'select 1')
    assert.equal(
      tool('db_query', { status: 'completed', input: {}, title: 'One row', output: '1' }).target,
      'One row',
    )
    assert.equal(toolKind('constructor'), 'other')
    assert.equal(toolKind('__proto__'), 'other')
  })

  it('cuts huge inputs and drops huge patches', () => {
    const content = 'z'.repeat(300_000)
    const block = tool('write', {
      status: 'completed',
      input: { filePath: '/f', content },
      metadata: { exists: false },
    })
    assert.equal((block.input['content'] as string).length, outputLimit + 1)
    assert.deepEqual(block.files, [{ path: '/f', additions: 1, deletions: 0, status: 'added' }])
  })

  it('survives shapes that make no sense', () => {
    for (const state of [
      undefined,
      null,
      7,
      'x',
      [],
      { status: 9, input: 'x', metadata: [], time: 'now', output: 4 },
    ]) {
      assert.equal(tool('edit', state as object).status, 'pending')
    }
    assert.equal(readBlock({ type: 'tool' }), undefined)
    assert.equal(readBlock(undefined), undefined)
  })
})
