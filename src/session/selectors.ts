import type { BlockID } from '../opencode/ids.ts'
import { isAhead, isQueued } from './messages.ts'
import type { AssistantMessage, Message, Request, Tokens, UserMessage } from './model.ts'
import type { SessionState } from './state.ts'

/** A prompt and what was answered to it. Answers whose prompt is not loaded stand in a turn without one. */
export interface Turn {
  readonly prompt?: UserMessage
  readonly answers: readonly AssistantMessage[]
}

export function isBusy(state: SessionState): boolean {
  return state.status.kind !== 'idle'
}

/** The requests that somebody must answer, oldest first, those of child sessions among them. */
export function pendingRequests(state: SessionState): readonly Request[] {
  return state.requests
}

/**
 * The messages that are not undone. A prompt of ours that is on its way shows even after an undo. Of a message
 * that is undone in part the blocks before the cut stay.
 */
export function visibleMessages(state: Pick<SessionState, 'messages' | 'session'>): readonly Message[] {
  const { revertedFrom, revertedBlock } = state.session
  if (revertedFrom === undefined) return state.messages
  const cached = visibleCache.get(state.messages)
  const cutKey = `${revertedFrom} ${revertedBlock ?? ''}`
  if (cached?.cutKey === cutKey) return cached.visible
  const cut = state.messages.findIndex((message) => message.id === revertedFrom)
  const visible =
    cut < 0
      ? state.messages
      : state.messages.flatMap((message, index) => {
          if (index < cut || isAhead(message)) return [message]
          return index === cut && revertedBlock !== undefined ? [beforeBlock(message, revertedBlock)] : []
        })
  visibleCache.set(state.messages, { cutKey, visible })
  return visible
}

function beforeBlock(message: Message, blockID: BlockID): Message {
  const cut = message.blocks.findIndex(({ id }) => id === blockID)
  return cut < 0 ? message : { ...message, blocks: message.blocks.slice(0, cut) }
}

/** How many prompts an undo hides now; 0 when nothing is undone. */
export function undoneCount(state: Pick<SessionState, 'messages' | 'session'>): number {
  const { revertedFrom } = state.session
  const cut = state.messages.findIndex((message) => message.id === revertedFrom)
  if (revertedFrom === undefined || cut < 0) return 0
  const hidden = state.messages.slice(cut).filter((message) => !isAhead(message))
  const prompts = hidden.filter((message) => message.role === 'user').length
  return Math.max(1, prompts)
}

/**
 * The visible messages as turns: an answer belongs to the prompt it names, else to the turn before it.
 * The same list comes back for the same messages, and the same turn object while its messages stay.
 */
export function turnsOf(state: Pick<SessionState, 'messages' | 'session'>): readonly Turn[] {
  const messages = visibleMessages(state)
  const cached = turnsCache.get(messages)
  if (cached) return cached
  const turns = groupTurns(messages.filter((message) => !isQueued(message))).map(reuseTurn)
  turnsCache.set(messages, turns)
  return turns
}

/** The newest message that the conversation has. */
export function lastMessage({ messages }: Pick<SessionState, 'messages'>): Message | undefined {
  return messages.findLast((message) => !isAhead(message))
}

export function lastAssistantMessage(state: SessionState): AssistantMessage | undefined {
  return visibleMessages(state).findLast((message) => message.role === 'assistant')
}

/** The newest prompt; not one that waits for the end of the run. */
export function lastUserMessage(state: SessionState): UserMessage | undefined {
  return visibleMessages(state).findLast(
    (message): message is UserMessage => message.role === 'user' && !isQueued(message),
  )
}

/** The prompts that wait for the end of the run, in their order. */
export function queuedPrompts({ messages }: Pick<SessionState, 'messages'>): readonly UserMessage[] {
  return messages.filter((message) => isQueued(message))
}

/** Tokens and dollars of all loaded answers. */
export function tokenUsage(state: SessionState): { readonly tokens: Tokens; readonly cost: number } {
  let cost = 0
  const tokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 }
  for (const message of state.messages) {
    if (message.role !== 'assistant') continue
    cost += message.cost
    tokens.input += message.tokens.input
    tokens.output += message.tokens.output
    tokens.reasoning += message.tokens.reasoning
    tokens.cacheRead += message.tokens.cacheRead
    tokens.cacheWrite += message.tokens.cacheWrite
  }
  return { tokens, cost }
}

/** Tokens that the conversation filled at its last step that counted any; 0 when none did. */
export function contextUse(state: SessionState): number {
  const messages = visibleMessages(state)
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index]
    const total = message?.role === 'assistant' ? sum(message.tokens) : 0
    if (total > 0) return total
  }
  return 0
}

const visibleCache = new WeakMap<
  readonly Message[],
  { readonly cutKey: string; readonly visible: readonly Message[] }
>()
const turnsCache = new WeakMap<readonly Message[], readonly Turn[]>()
/** The last turn made from a first message: most turns stay what they were. */
const lastTurns = new WeakMap<Message, Turn>()

interface OpenTurn {
  readonly prompt?: UserMessage
  readonly answers: AssistantMessage[]
}

function groupTurns(messages: readonly Message[]): readonly OpenTurn[] {
  const byPrompt = new Map<string, OpenTurn>()
  for (const message of messages) {
    if (message.role === 'user') byPrompt.set(message.id, { prompt: message, answers: [] })
  }
  const turns: OpenTurn[] = []
  for (const message of messages) {
    const turn = message.role === 'user' ? byPrompt.get(message.id) : undefined
    if (turn) turns.push(turn)
    else if (message.role === 'assistant') placeAnswer(turns, byPrompt, message)
  }
  return turns
}

/** A prompt that was stored again may stand behind its own answer; it is still the one that was answered. */
function placeAnswer(
  turns: OpenTurn[],
  byPrompt: ReadonlyMap<string, OpenTurn>,
  message: AssistantMessage,
): void {
  const named = message.promptID ? byPrompt.get(message.promptID) : undefined
  const turn = named ?? turns.at(-1)
  if (turn) turn.answers.push(message)
  else turns.push({ answers: [message] })
}

function reuseTurn(turn: OpenTurn): Turn {
  const first = turn.prompt ?? turn.answers[0]
  if (!first) return turn
  const last = lastTurns.get(first)
  const isUnchanged =
    last?.answers.length === turn.answers.length &&
    last.prompt === turn.prompt &&
    last.answers.every((answer, index) => answer === turn.answers[index])
  if (last && isUnchanged) return last
  lastTurns.set(first, turn)
  return turn
}

function sum(tokens: Tokens): number {
  return tokens.input + tokens.output + tokens.reasoning + tokens.cacheRead + tokens.cacheWrite
}
