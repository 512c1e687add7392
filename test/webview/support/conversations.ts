import { toSessionID } from '../../../src/opencode/ids.ts'
import type { Message } from '../../../src/session/model.ts'
import { answer, patch, reasoning, start, textBlock, tool, user } from './states.ts'

export const childID = toSessionID('ses_child')

export const richMarkdown = `## What was wrong

\`add\` in \`src/add.ts:3\` subtracted. I changed it and ran the tests; see [the guide](https://example.com/guide) and [the helper](src/util/helper.ts#L12).

1. Read the function
2. Fix the sign
   - keep the signature
   - throw on overflow
3. Run \`npm test\`

| File | Change | Lines |
| --- | --- | ---: |
| \`src/add.ts\` | sign and overflow check | 4 |
| \`test/add.test.ts\` | two new cases with a rather long description that needs room | 18 |

\`\`\`ts
/** Adds two numbers. */
function add(left: number, right: number): number {
  const sum = left + right
  if (!Number.isFinite(sum)) throw new RangeError('too large')
  return sum // never NaN
}
\`\`\`

> Numbers above 2^53 lose their last digits.

- [x] fixed
- [ ] documented
`

export const todos = [
  { content: 'Read the failing function', status: 'completed' },
  { content: 'Fix the sign', status: 'completed' },
  {
    content: 'Write tests for overflow and for very long names that do not fit in one line',
    status: 'in_progress',
  },
  { content: 'Update the changelog', status: 'pending' },
] as const

const read = (id: string, target: string, scope?: string) =>
  tool(id, {
    name: 'read',
    kind: 'read',
    target,
    input: { filePath: target },
    output: '1: line',
    ended: start + 40,
    ...(scope ? { scope } : {}),
  })

export const conversation: readonly Message[] = [
  user('msg_1', 'add() gives wrong results, please fix it and add tests.', {
    blocks: [
      textBlock('b1', 'add() gives wrong results, please fix it and add tests.'),
      {
        type: 'file',
        id: textBlock('b2', '').id,
        mime: 'text/plain',
        name: 'add.ts',
        path: 'src/add.ts',
        lines: { start: 1, end: 6 },
      },
    ],
  }),
  answer('msg_2', [
    reasoning('b3', 'The function subtracts. I should check the tests first.'),
    textBlock('b4', 'I will look at the function and its tests first.'),
    read('b5', '/home/me/demo/src/add.ts', 'lines 1–40'),
    tool('b6', {
      name: 'grep',
      kind: 'grep',
      target: 'add\\(',
      scope: 'in src',
      input: { pattern: 'add\\(' },
      output: 'src/add.ts:2',
      ended: start + 120,
    }),
    read('b7', '/home/me/demo/test/add.test.ts'),
    tool('b8', {
      name: 'glob',
      kind: 'glob',
      target: '**/*.test.ts',
      input: { pattern: '**/*.test.ts' },
      output: 'a\nb',
      ended: start + 90,
    }),
  ]),
  answer('msg_3', [
    tool('b9', {
      name: 'edit',
      kind: 'edit',
      target: '/home/me/demo/src/add.ts',
      input: { filePath: '/home/me/demo/src/add.ts' },
      files: [{ path: '/home/me/demo/src/add.ts', patch, additions: 3, deletions: 1, status: 'modified' }],
      ended: start + 30,
    }),
    tool('b10', {
      target: 'npm test',
      input: { command: 'npm test' },
      output:
        '\u001b[32m✔\u001b[0m adds \u001b[2m(2 ms)\u001b[0m\n\u001b[31m✘ overflows\u001b[0m\n\n1 passing\n1 failing',
      exitCode: 1,
      ended: start + 4_200,
    }),
    tool('b11', { name: 'todowrite', kind: 'todo', todos, input: { todos: [] }, ended: start + 20 }),
    tool('b12', {
      name: 'github_create_issue',
      kind: 'other',
      target: 'Overflow in add',
      input: { title: 'Overflow in add', labels: ['bug'] },
      output: '{"number": 7}',
      ended: start + 900,
    }),
    tool('b13', {
      name: 'task',
      kind: 'subagent',
      target: 'Look for other sign errors',
      input: { description: 'Look for other sign errors' },
      output: 'None found.',
      childSessionID: childID,
      ended: start + 12_000,
    }),
    tool('b14', {
      name: 'webfetch',
      kind: 'fetch',
      status: 'failed',
      target: 'https://example.com/ieee754',
      input: { url: 'https://example.com/ieee754' },
      error: 'The request timed out after 30 s.',
      ended: start + 30_000,
    }),
    textBlock('b15', richMarkdown),
  ]),
]

export const streaming: readonly Message[] = [
  ...conversation.slice(0, 1),
  answer(
    'msg_2',
    [
      reasoning(
        'b3',
        'First the tests.\nThen the function.\nThe sign is wrong, so the fix is small.\nLet me check who calls it.',
        { open: true, started: Date.now() - 8_000, ended: undefined },
      ),
      tool('b10', {
        status: 'running',
        target: 'npm test -- --watch=false',
        input: { command: 'npm test' },
        output: 'running suite add\n  ✔ adds two numbers',
        started: Date.now() - 3_000,
        ended: undefined,
      }),
      textBlock('b15', '### Plan\n\nI am **going to** change `src/add.ts` so that it', { open: true }),
    ],
    {},
  ),
]

export const failed: readonly Message[] = [
  user('msg_1', 'Summarize the repository.'),
  answer('msg_2', [textBlock('b4', '| a | b |\n| --- | --- |\n| 1 |')], {
    error: { name: 'APIError', message: 'The API key is not valid.', kind: 'auth', status: 401 },
  }),
  user('msg_3', 'And now?', {
    delivery: { kind: 'failed', message: 'The server refused the message: the session is gone.' },
  }),
  user('msg_4', 'One more thing while you work', { delivery: { kind: 'pending' } }),
]

export const international: readonly Message[] = [
  user('msg_1', 'اشرح هذا الملف `src/add.ts` من فضلك 🙏'),
  answer('msg_2', [
    textBlock(
      'b1',
      'هذه الدالة تجمع عددين.\n\n- النتيجة عدد\n- `add(1, 2)`\n\n日本語のテキストも正しく折り返されるべきです。한국어 텍스트도 마찬가지입니다. 👩‍💻🎉\n\nAVeryLongWordWithoutAnyBreak_' +
        'abcdefghij'.repeat(12),
    ),
    read(
      'b5',
      '/home/me/demo/packages/some-very-long-package-name/src/components/deeply/nested/folder/VeryLongComponentName.stories.tsx',
      'lines 1,200–1,480',
    ),
    tool('b6', {
      target:
        'find . -name "*.ts" -not -path "./node_modules/*" | xargs grep -n "some long pattern" | sort | uniq -c',
      input: { command: 'find .' },
      output: '',
      exitCode: 0,
    }),
    {
      type: 'notice',
      id: textBlock('n1', '').id,
      notice: 'compaction',
      text: 'Earlier messages were summarized',
    },
    tool('b7', { status: 'interrupted', target: 'sleep 100', input: { command: 'sleep 100' } }),
  ]),
]

/** On a server that keeps prompts itself, and tells what the model writes to a tool. */
export const steered: readonly Message[] = [
  user('msg_1', 'Write the tests, and run them'),
  answer(
    'msg_2',
    [
      tool('run', {
        status: 'running',
        input: { command: 'npm test -- --watch' },
        target: 'npm test -- --watch',
        output: 'Watching for changes…\n12 passing',
      }),
      tool('write', {
        name: 'write',
        kind: 'write',
        status: 'pending',
        target: '/home/me/demo/src/add.test.ts',
        input: {
          filePath: '/home/me/demo/src/add.test.ts',
          content: "import assert from 'node:assert/strict'\n\nit('adds', () => {\n  assert.equal(add(1, 2",
        },
      }),
    ],
    { completed: undefined },
  ),
  user('msg_3', 'Use the built-in test runner, please', { waits: 'steer' }),
  user('msg_4', 'Then look at the coverage and tell me which branches were never taken', {
    waits: 'queue',
  }),
  user('msg_5', 'And commit', { waits: 'queue' }),
]
