import { toRequestID, toSessionID } from '../../../src/opencode/ids.ts'
import type { ChatState } from '../../../src/protocol/chat.ts'
import type { DeskState, GuardedEdit } from '../../../src/protocol/desk.ts'
import {
  allCapabilities,
  chatState,
  chatWith,
  patch,
  permission,
  question,
  session,
  sessionState,
  sessionID,
} from './states.ts'
import { childID, conversation, failed, international, steered, streaming, todos } from './conversations.ts'

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
  'permission-moved': () => {
    const files = [
      {
        path: '/home/me/demo/src/sums/add.ts',
        movedFrom: '/home/me/demo/src/add.ts',
        patch,
        additions: 3,
        deletions: 1,
        status: 'modified' as const,
      },
    ]
    const risks = [{ path: '/home/me/demo/src/add.ts', kind: 'encoding' as const }]
    return chatWith(
      conversation,
      { status: { kind: 'busy' }, requests: [{ ...withoutCommand(), files }] },
      { desk: guardedDesk({ risks }, []) },
    )
  },
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
  steered: () => chatWith(steered, { status: { kind: 'busy' } }, { capabilities: allCapabilities }),
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
