import { toMessageID, toRequestID, toSessionID } from '../../../src/opencode/ids.ts'
import type { ChatState } from '../../../src/protocol/chat.ts'
import type { DeskState, GuardedEdit } from '../../../src/protocol/desk.ts'
import type { Message } from '../../../src/session/model.ts'
import {
  answer,
  chatState,
  chatWith,
  patch,
  permission,
  question,
  reasoning,
  session,
  sessionState,
  start,
  textBlock,
  tool,
  user,
  sessionID,
} from './states.ts'

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
export function add(left: number, right: number): number {
  const sum = left + right
  if (!Number.isFinite(sum)) throw new RangeError('too large')
  return sum // never NaN
}
\`\`\`

> Numbers above 2^53 lose their last digits.

- [x] fixed
- [ ] documented
`

const todos = [
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

const streaming: readonly Message[] = [
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

const failed: readonly Message[] = [
  user('msg_1', 'Summarize the repository.'),
  answer('msg_2', [textBlock('b4', '| a | b |\n| --- | --- |\n| 1 |')], {
    error: { name: 'APIError', message: 'The API key is not valid.', kind: 'auth', status: 401 },
  }),
  user('msg_3', 'And now?', {
    delivery: { kind: 'failed', message: 'The server refused the message: the session is gone.' },
  }),
  user('msg_4', 'One more thing while you work', { delivery: { kind: 'pending' } }),
]

const international: readonly Message[] = [
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

const recent = [
  {
    id: toSessionID('ses_a'),
    title: 'Fix the parser for nested lists',
    updated: Date.now() - 300_000,
    state: 'busy',
  },
  {
    id: toSessionID('ses_b'),
    title: 'Rename the settings and migrate old values of every user',
    updated: Date.now() - 7_200_000,
    state: 'waiting',
  },
  { id: toSessionID('ses_c'), title: 'Explain the build', updated: Date.now() - 200_000_000, state: 'idle' },
] as const

const editRequest = permission('per_2', {
  action: 'edit',
  patterns: ['src/add.ts'],
  always: ['*'],
  path: '/home/me/demo/src/add.ts',
  diff: patch,
})

function withoutCommand(): Omit<typeof editRequest, 'command'> {
  const { command: _command, ...rest } = editRequest
  return rest
}

function guardedDesk(
  part: Partial<GuardedEdit> = {},
  conflicts: DeskState['conflicts'] = [{ path: '/home/me/demo/src/a-rather-long-name-of-a-file.ts' }],
): DeskState {
  const risks = [{ path: '/home/me/demo/src/add.ts', kind: 'unsaved' as const }]
  const edit = { requestID: editRequest.id, risks, canMerge: true, isChanged: false, ...part }
  const problems = { sessionID, errors: 1, warnings: 1, paths: ['/home/me/demo/src/add.ts'] }
  return { edits: [edit], conflicts, problems }
}

/** Every state of the page that a person can meet, by name. */
export const scenes: Readonly<Record<string, () => ChatState>> = {
  conversation: () => chatWith(conversation),
  streaming: () => chatWith(streaming, { status: { kind: 'busy' }, todos }),
  permission: () =>
    chatWith(streaming, {
      status: { kind: 'busy' },
      todos,
      requests: [permission('per_1'), withoutCommand()],
    }),
  'permission-edit': () =>
    chatWith(conversation, {
      status: { kind: 'busy' },
      requests: [{ ...withoutCommand(), sessionID: childID }],
    }),
  'permission-guarded': () =>
    chatWith(
      conversation,
      { status: { kind: 'busy' }, requests: [withoutCommand()] },
      { desk: guardedDesk() },
    ),
  'permission-changed': () =>
    chatWith(
      conversation,
      { status: { kind: 'busy' }, requests: [withoutCommand()] },
      { desk: guardedDesk({ risks: [], isChanged: true }, []) },
    ),
  question: () => chatWith(conversation, { status: { kind: 'busy' }, requests: [question('que_1')] }),
  'question-many': () =>
    chatWith(conversation, {
      status: { kind: 'busy' },
      requests: [
        question('que_2', {
          id: toRequestID('que_2'),
          questions: [
            {
              header: 'Targets',
              question: 'Which platforms?',
              options: [{ label: 'Linux' }, { label: 'macOS' }, { label: 'Windows' }],
              multiple: true,
              custom: false,
            },
            {
              header: 'Name',
              question: 'What should it be called?',
              options: [],
              multiple: false,
              custom: true,
            },
          ],
        }),
      ],
    }),
  retry: () =>
    chatWith(streaming, {
      status: {
        kind: 'retry',
        attempt: 2,
        message: 'Rate limit reached for this organization.',
        next: Date.now() + 9_000,
      },
    }),
  failed: () => chatWith(failed),
  international: () => chatWith(international),
  composer: () =>
    chatWith(
      conversation.slice(0, 2),
      {},
      {
        draft: {
          revision: 1,
          text: 'Please explain\nwhat this does',
          items: [
            { id: 'i1', kind: 'selection', label: 'add.ts:3–9', detail: 'src/add.ts · TypeScript' },
            {
              id: 'i2',
              kind: 'problem',
              label: 'a-very-long-file-name-that-needs-room.ts:120',
              detail: 'x',
              stale: 'The file changed since',
            },
            { id: 'i3', kind: 'image', label: 'screenshot.png', detail: 'PNG, 120 kB' },
          ],
        },
      },
    ),
  queued: () =>
    chatWith(
      conversation,
      { status: { kind: 'busy' } },
      {
        queue: {
          paused: 'The run was stopped.',
          prompts: [
            { id: 'q1', text: 'Then write the tests, please, for all that was changed', items: [] },
            {
              id: 'q2',
              text: 'And look at it',
              items: [{ id: 'i', kind: 'image', label: 'shot.png', detail: 'shot.png', size: 120_000 }],
            },
          ],
        },
        draft: { text: '!npm test -- --watch=false', revision: 1, items: [] },
      },
    ),
  reconnecting: () =>
    chatWith(
      conversation,
      {},
      {
        server: {
          kind: 'running',
          origin: 'attached',
          version: '1.18.33',
          url: 'https://dev.example.com',
          link: { kind: 'reconnecting', since: Date.now(), retryAt: Date.now() + 3_000 },
        },
      },
    ),
  stopped: () => chatWith(conversation, {}, { server: { kind: 'stopped' } }),
  problem: () =>
    chatWith(
      conversation,
      {},
      {
        waitingElsewhere: 2,
        problem: { code: 'conflict', message: 'The file was not opened: it is not part of this folder.' },
      },
    ),
  empty: () => chatState({ recent }),
  'empty-stopped': () => chatState({ server: { kind: 'stopped' } }),
  starting: () =>
    chatState({
      server: { kind: 'starting', since: Date.now() - 4_000, restart: 0 },
      choice: { agent: undefined, model: undefined, variant: undefined, isKnown: false, hasNoModels: false },
    }),
  'no-folder': () => chatState({ obstacle: 'no-folder', folder: undefined, server: { kind: 'stopped' } }),
  untrusted: () => chatState({ obstacle: 'untrusted', server: { kind: 'stopped' } }),
  'not-found': () =>
    chatState({
      server: {
        kind: 'failed',
        error: {
          code: 'binary-not-found',
          message:
            'opencode was not found on PATH or in the usual places. Install it, or set the path to it.',
          detail: 'PATH=/usr/bin:/bin',
        },
      },
    }),
  'launch-failed': () =>
    chatState({
      server: {
        kind: 'failed',
        error: {
          code: 'launch-failed',
          message: 'opencode ended with code 1 before it was ready.',
          detail: 'Error: config is invalid\n  at line 3',
        },
      },
    }),
  'no-engine': () =>
    chatState({
      server: {
        kind: 'failed',
        error: {
          code: 'engine-not-found',
          message:
            'Neither Docker nor Podman is installed. Install one of them, or run OpenCode without a container.',
        },
      },
    }),
  'container-gone': () =>
    chatState({
      session: sessionState(conversation),
      server: {
        kind: 'failed',
        error: {
          code: 'out-of-memory',
          message: 'The container ran out of memory. Its limit is 512 MB; raise it.',
        },
      },
    }),
  'started-again': () =>
    chatState({
      session: sessionState(conversation),
      server: {
        kind: 'starting',
        since: Date.now() - 4_000,
        restart: 1,
        cause: {
          code: 'out-of-memory',
          message: 'The container ran out of memory. Its limit is 2048 MB; raise it.',
        },
      },
    }),
  'no-model': () =>
    chatState({
      choice: {
        agent: { name: 'build', mode: 'primary' },
        model: undefined,
        variant: undefined,
        isKnown: true,
        hasNoModels: true,
      },
    }),
  loading: () => chatState({ isLoading: true }),
  child: () =>
    chatState({
      session: {
        ...sessionState(conversation),
        session: session({
          parentID: toSessionID('ses_one'),
          id: childID,
          title: 'Look for other sign errors (@general subagent)',
        }),
      },
    }),
}

export const aMessageID = toMessageID('msg_1')
