import type { MessageID } from '../opencode/ids.ts'
import type { SessionAction } from './actions.ts'
import { appendText, putBlock, removeBlock, settleMessage } from './blocks.ts'
import { isSame } from './equal.ts'
import { indexOfMessage, prependMessages, putHead, removeMessage, shareMessages } from './messages.ts'
import type { Message, MessageHead, RunStatus } from './model.ts'
import { putRequest, removeRequest } from './requests.ts'
import type { SessionState } from './state.ts'

/**
 * The one way a session changes, the same on both sides of the wall. Pure and total: it never throws,
 * ignores actions it does not know, keeps every untouched object, and gives the same state back when
 * nothing changes.
 */
export function reduceSession(state: SessionState, action: SessionAction): SessionState {
  switch (action.type) {
    case 'session/put':
      return action.session.id === state.session.id ? withField(state, 'session', action.session) : state
    case 'message/put':
      return putMessage(state, action.message)
    case 'message/removed':
      return withMessages(state, removeMessage(state.messages, action.messageID))
    case 'block/put':
      return updateMessage(state, action.messageID, (message) =>
        putBlock(message, action.block, state.requests),
      )
    case 'block/append':
      return updateMessage(state, action.messageID, (message) =>
        appendText(message, action.blockID, action.text),
      )
    case 'block/removed':
      return updateMessage(state, action.messageID, (message) => removeBlock(message, action.blockID))
    case 'status':
      return putStatus(state, action.status)
    case 'request/put':
      return putRequest(state, action.request)
    case 'request/removed':
      return removeRequest(state, action.requestID)
    default:
      return reduceWhole(state, action)
  }
}

type WholeAction = Extract<SessionAction, { type: 'todos' | 'error' | 'settle' | 'history' | 'reset' }>

function reduceWhole(state: SessionState, action: WholeAction): SessionState {
  switch (action.type) {
    case 'todos':
      return withField(state, 'todos', action.todos)
    case 'error':
      return withField(state, 'error', action.error)
    case 'settle':
      return settle(state)
    case 'history': {
      const messages = prependMessages(state.messages, action.messages)
      return withField(withMessages(state, messages), 'hasOlder', action.hasOlder)
    }
    case 'reset':
      return share(state, action.state)
    default:
      return ignoreUnknown(action, state)
  }
}

/** A step that begins after an error shows that the run went on, so the error is no longer its end. */
function putMessage(state: SessionState, head: MessageHead): SessionState {
  const messages = putHead(state.messages, head)
  const next = withMessages(state, messages)
  const isNewStep = head.role === 'assistant' && messages.length > state.messages.length
  return isNewStep ? withField(next, 'error', undefined) : next
}

function putStatus(state: SessionState, status: RunStatus): SessionState {
  const next = withField(state, 'status', status)
  const isNewRun = state.status.kind === 'idle' && status.kind !== 'idle'
  return isNewRun ? withField(next, 'error', undefined) : next
}

function settle(state: SessionState): SessionState {
  const messages = state.messages.map(settleMessage)
  const isUnchanged = messages.every((message, index) => message === state.messages[index])
  return isUnchanged ? state : { ...state, messages }
}

/** A fetched state mostly repeats the one before; keeping equal objects spares the view all their work. */
function share(before: SessionState, after: SessionState): SessionState {
  const shared: SessionState = {
    session: keep(before.session, after.session),
    messages: shareMessages(before.messages, after.messages),
    hasOlder: after.hasOlder,
    status: keep(before.status, after.status),
    requests: keep(before.requests, after.requests),
    todos: keep(before.todos, after.todos),
    error: keep(before.error, after.error),
  }
  return isShallowSame(before, shared) ? before : shared
}

function updateMessage(
  state: SessionState,
  id: MessageID,
  update: (message: Message) => Message,
): SessionState {
  const index = indexOfMessage(state.messages, id)
  const message = state.messages[index]
  if (!message) return state
  const next = update(message)
  return next === message ? state : { ...state, messages: state.messages.with(index, next) }
}

function withMessages(state: SessionState, messages: readonly Message[]): SessionState {
  return messages === state.messages ? state : { ...state, messages }
}

function withField<Key extends keyof SessionState>(
  state: SessionState,
  key: Key,
  value: SessionState[Key],
): SessionState {
  return isSame(state[key], value) ? state : { ...state, [key]: value }
}

function keep<Value>(before: Value, after: Value): Value {
  return isSame(before, after) ? before : after
}

function isShallowSame(left: SessionState, right: SessionState): boolean {
  return (
    left.session === right.session &&
    left.messages === right.messages &&
    left.hasOlder === right.hasOlder &&
    left.status === right.status &&
    left.requests === right.requests &&
    left.todos === right.todos &&
    left.error === right.error
  )
}

/** The compiler demands a case for every known action; one of a newer version changes nothing. */
function ignoreUnknown(_action: never, state: SessionState): SessionState {
  return state
}
