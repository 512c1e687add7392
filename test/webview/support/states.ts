import type { Model } from '../../../src/opencode/catalog.ts'
import { toBlockID, toMessageID, toRequestID, toSessionID } from '../../../src/opencode/ids.ts'
import type { Capabilities } from '../../../src/opencode/server.ts'
import { emptyDraft } from '../../../src/protocol/chat.ts'
import type { ChatState } from '../../../src/protocol/chat.ts'
import type {
  AssistantMessage,
  Block,
  Message,
  PermissionRequest,
  QuestionRequest,
  ReasoningBlock,
  Session,
  TextBlock,
  ToolBlock,
  UserMessage,
} from '../../../src/session/model.ts'
import { emptySession } from '../../support/emptySession.ts'
import type { SessionState } from '../../../src/session/state.ts'

export const sessionID = toSessionID('ses_one')
const noTokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 }
export const start = Date.UTC(2026, 9, 1, 12)

const model: Model = {
  providerID: 'mock',
  providerName: 'Mock provider',
  modelID: 'mock',
  name: 'Mock Sonnet 4',
  reasoning: true,
  inputs: ['text', 'image'],
  variants: ['low', 'high'],
  contextLimit: 128_000,
  outputLimit: 8_192,
}

/** Of a server that can do everything. */
export const allCapabilities: Capabilities = {
  accounts: true,
  background: true,
  commitUndo: true,
  environment: true,
  formatters: true,
  journal: true,
  languageServers: true,
  partialUndo: true,
  versionControl: true,
  worktrees: true,
  archive: true,
  deleteMessage: true,
  fork: true,
  queue: true,
  revert: true,
  savedPermissions: true,
  share: true,
  steer: true,
  symbolSearch: true,
  textSearch: true,
  todos: true,
  toolInputStream: true,
  turnDiff: true,
}

export function chatState(part: Partial<ChatState> = {}): ChatState {
  return {
    server: {
      kind: 'running',
      origin: 'managed',
      version: '1.18.33',
      url: 'http://127.0.0.1:4096',
      link: { kind: 'online' },
    },
    capabilities: undefined,
    obstacle: 'none',
    folder: { name: 'demo', directory: '/home/me/demo' },
    folderCount: 1,
    session: undefined,
    isLoading: false,
    choice: {
      agent: { name: 'build', mode: 'primary' },
      model,
      variant: 'high',
      isKnown: true,
      hasNoModels: false,
    },
    draft: emptyDraft,
    recent: [],
    waitingElsewhere: 0,
    problem: undefined,
    ...part,
  }
}

export function session(part: Partial<Session> = {}): Session {
  return {
    id: sessionID,
    title: 'Add numbers correctly',
    untitled: false,
    directory: '/home/me/demo',
    created: start,
    updated: start,
    ...part,
  }
}

export function sessionState(messages: readonly Message[], part: Partial<SessionState> = {}): SessionState {
  return { ...emptySession(session()), messages, ...part }
}

/** A chat that shows these messages. */
export function chatWith(
  messages: readonly Message[],
  part: Partial<SessionState> = {},
  chat: Partial<ChatState> = {},
): ChatState {
  return chatState({ session: sessionState(messages, part), ...chat })
}

export function user(id: string, text: string, part: Partial<UserMessage> = {}): UserMessage {
  return {
    role: 'user',
    id: toMessageID(id),
    created: start + order(id) * 1_000,
    blocks: [textBlock(`${id}t`, text)],
    ...part,
  }
}

export function answer(
  id: string,
  blocks: readonly Block[],
  part: Partial<AssistantMessage> = {},
): AssistantMessage {
  return {
    role: 'assistant',
    id: toMessageID(id),
    created: start + order(id) * 1_000,
    blocks,
    cost: 0.0213,
    tokens: { ...noTokens, input: 12_000, output: 480 },
    completed: start + order(id) * 1_000 + 500,
    ...part,
  }
}

export function textBlock(id: string, text: string, part: Partial<TextBlock> = {}): TextBlock {
  return { type: 'text', id: toBlockID(id), text, open: false, ...part }
}

export function reasoning(id: string, text: string, part: Partial<ReasoningBlock> = {}): ReasoningBlock {
  return {
    type: 'reasoning',
    id: toBlockID(id),
    text,
    open: false,
    started: start,
    ended: start + 8_000,
    ...part,
  }
}

export function tool(id: string, part: Partial<ToolBlock>): ToolBlock {
  return {
    type: 'tool',
    id: toBlockID(id),
    callID: `call_${id}`,
    name: 'bash',
    kind: 'shell',
    status: 'completed',
    input: {},
    started: start,
    ended: start + 1_200,
    ...part,
  }
}

export function permission(id: string, part: Partial<PermissionRequest> = {}): PermissionRequest {
  return {
    kind: 'permission',
    id: toRequestID(id),
    sessionID,
    directory: '/home/me/demo',
    action: 'shell',
    patterns: ['npm test'],
    always: ['npm *'],
    command: 'npm test -- --watch=false',
    ...part,
  }
}

export function question(id: string, part: Partial<QuestionRequest> = {}): QuestionRequest {
  return {
    kind: 'question',
    id: toRequestID(id),
    sessionID,
    directory: '/home/me/demo',
    questions: [
      {
        header: 'Test runner',
        question: 'Which test runner should be used?',
        options: [
          { label: 'mocha', description: 'Already a dependency' },
          { label: 'node:test', description: 'Nothing to install' },
        ],
        multiple: false,
        custom: true,
      },
    ],
    ...part,
  }
}

/** The number inside an id, so that messages sort as they are written. */
function order(id: string): number {
  return Number(/\d+/.exec(id)?.[0] ?? 0)
}

export const patch = `Index: src/add.ts
===================================================================
--- src/add.ts
+++ src/add.ts
@@ -1,6 +1,8 @@
 /** Adds two numbers. */
 export function add(left: number, right: number): number {
-  return left - right
+  const sum = left + right
+  if (!Number.isFinite(sum)) throw new RangeError('too large')
+  return sum
 }
 
 export const zero = 0
`
