import { toBlockID, toMessageID, toRequestID, toSessionID } from '../../../../src/opencode/ids.ts'
import type {
  AssistantMessage,
  Message,
  PermissionRequest,
  Session,
  TextBlock,
  ToolBlock,
  UserMessage,
} from '../../../../src/session/model.ts'
import { emptySession } from '../../../support/emptySession.ts'
import type { SessionState } from '../../../../src/session/state.ts'

export function session(id = 'ses_1', changes: Partial<Session> = {}): Session {
  return {
    id: toSessionID(id),
    title: id,
    untitled: false,
    directory: '/project',
    created: 1,
    updated: 1,
    ...changes,
  }
}

export function state(messages: readonly Message[] = [], changes: Partial<SessionState> = {}): SessionState {
  return { ...emptySession(session()), messages, ...changes }
}

export function user(id: string, created: number, changes: Partial<UserMessage> = {}): UserMessage {
  return { id: toMessageID(id), role: 'user', created, blocks: [], ...changes }
}

export function assistant(
  id: string,
  created: number,
  changes: Partial<AssistantMessage> = {},
): AssistantMessage {
  const tokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 }
  return { id: toMessageID(id), role: 'assistant', created, cost: 0, tokens, blocks: [], ...changes }
}

export function text(id: string, content: string, changes: Partial<TextBlock> = {}): TextBlock {
  return { type: 'text', id: toBlockID(id), text: content, open: true, ...changes }
}

export function tool(id: string, changes: Partial<ToolBlock> = {}): ToolBlock {
  return {
    type: 'tool',
    id: toBlockID(id),
    callID: `call_${id}`,
    name: 'write',
    kind: 'write',
    status: 'running',
    input: {},
    ...changes,
  }
}

export function permission(id: string, changes: Partial<PermissionRequest> = {}): PermissionRequest {
  return {
    kind: 'permission',
    id: toRequestID(id),
    sessionID: toSessionID('ses_1'),
    directory: '/project',
    action: 'edit',
    patterns: ['a.txt'],
    always: ['*'],
    ...changes,
  }
}
