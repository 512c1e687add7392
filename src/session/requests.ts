import type { RequestID } from '../opencode/ids.ts'
import { fillFiles } from './blocks.ts'
import { isSame } from './equal.ts'
import type { Message, Request } from './model.ts'
import type { SessionState } from './state.ts'

/** Adds or replaces a request in its place; a proposed diff also goes into the tool block it is about. */
export function putRequest(state: SessionState, request: Request): SessionState {
  const requests = putInto(state.requests, request)
  const messages =
    request.sessionID === state.session.id ? fillMessages(state.messages, request) : state.messages
  if (requests === state.requests && messages === state.messages) return state
  return { ...state, requests, messages }
}

export function removeRequest(state: SessionState, id: RequestID): SessionState {
  const index = state.requests.findIndex((request) => request.id === id)
  return index < 0 ? state : { ...state, requests: state.requests.toSpliced(index, 1) }
}

function putInto(requests: readonly Request[], request: Request): readonly Request[] {
  const index = requests.findIndex((known) => known.id === request.id)
  if (index < 0) return [...requests, request]
  return isSame(requests[index], request) ? requests : requests.with(index, request)
}

function fillMessages(messages: readonly Message[], request: Request): readonly Message[] {
  if (request.kind !== 'permission' || !request.diff || !request.callID) return messages
  const index = messages.findLastIndex((message) =>
    message.blocks.some((block) => block.type === 'tool' && block.callID === request.callID),
  )
  const message = messages[index]
  if (!message) return messages
  const blocks = message.blocks.map((block) => fillFiles(block, [request]))
  const isUnchanged = blocks.every((block, at) => block === message.blocks[at])
  return isUnchanged ? messages : messages.with(index, { ...message, blocks })
}
