import type { BlockID, MessageID } from '../opencode/ids.ts'
import { isAhead } from './messages.ts'
import type { AssistantMessage, FileChange, Message, ToolBlock } from './model.ts'
import { turnsOf, visibleMessages } from './selectors.ts'
import type { Turn } from './selectors.ts'
import type { SessionState } from './state.ts'

/** Where an undo cuts a session: this message goes with all behind it, or, with `blockID`, only from that block on. */
export interface UndoPoint {
  readonly messageID: MessageID
  readonly blockID?: BlockID | undefined
}

/** What an undo takes back, as far as the session itself tells. Paths are as the server wrote them. */
export interface UndoScope {
  /** How many prompts are hidden. */
  readonly prompts: number
  /** The prompts whose whole turn is taken back, the newest first; the server can tell what each changed. */
  readonly turns: readonly MessageID[]
  /** What the calls changed of a turn that is taken back in part, the newest first. */
  readonly calls: readonly FileChange[]
  /** Every file that is restored, with the time it was last written (epoch ms). */
  readonly restored: ReadonlyMap<string, number>
  /** Files that tools wrote and that the server has no snapshot of. */
  readonly kept: readonly string[]
  /**
   * The server hides the whole turn, because the message of the call begins with it, but leaves what earlier steps
   * of the turn did to files.
   */
  readonly isWidened: boolean
}

/** Undefined when the point is not (or no longer) in the visible part of the session. */
export function undoScope(state: SessionState, point: UndoPoint): UndoScope | undefined {
  const turns = turnsOf(state)
  const first = turns.findIndex((turn) => hasMessage(turn, point.messageID))
  const start = turns[first]
  if (!start) return undefined
  const isWhole = start.prompt?.id === point.messageID
  const later = turns.slice(first + 1)
  const cut = isWhole ? start.answers : answersFrom(start, point.messageID)
  const answers = [...cut, ...later.flatMap((turn) => turn.answers)]
  const takesAllFiles = isWhole || changedFiles(answersBefore(start, point.messageID)).length === 0
  const wholeTurns = takesAllFiles ? [start, ...later] : later
  const isWidened = !isWhole && point.blockID !== undefined && beginsWith(cut[0], point.blockID)
  const hidden = [...(isWhole || isWidened ? [start] : []), ...later]
  const restored = writeTimes(answers)
  return {
    prompts: hidden.filter(({ prompt }) => prompt).length,
    turns: wholeTurns.flatMap(({ prompt }) => prompt?.id ?? []).reverse(),
    calls: takesAllFiles ? [] : cut.flatMap(callChanges).reverse(),
    restored,
    kept: writtenFiles(answers).filter((path) => !restored.has(path)),
    isWidened: isWidened && !takesAllFiles,
  }
}

/** The newest prompt that the server has and that is not undone. */
export function lastUndoPoint(state: SessionState): UndoPoint | undefined {
  const prompt = visibleMessages(state).findLast(
    (message) => message.role === 'user' && !isAhead(message) && !isOnlySummaryRequest(message),
  )
  return prompt && { messageID: prompt.id }
}

function isOnlySummaryRequest({ blocks }: Message): boolean {
  return blocks.length > 0 && blocks.every((block) => block.type === 'notice')
}

function hasMessage({ prompt, answers }: Turn, id: MessageID): boolean {
  return prompt?.id === id || answers.some((answer) => answer.id === id)
}

function answersFrom({ answers }: Turn, id: MessageID): readonly AssistantMessage[] {
  return answers.slice(answers.findIndex((answer) => answer.id === id))
}

function answersBefore({ answers }: Turn, id: MessageID): readonly AssistantMessage[] {
  const index = answers.findIndex((answer) => answer.id === id)
  return answers.slice(0, Math.max(0, index))
}

/** Whether nothing of a message would be left in front of a block. */
function beginsWith(message: AssistantMessage | undefined, blockID: BlockID): boolean {
  const own = message?.blocks.filter(({ type }) => type === 'text' || type === 'tool' || type === 'reasoning')
  return own?.[0]?.id === blockID
}

/** The files of which the server took a snapshot before a step changed them. */
function changedFiles(answers: readonly AssistantMessage[]): readonly string[] {
  return answers.flatMap(({ blocks }) =>
    blocks.flatMap((block) =>
      block.type === 'notice' && block.notice === 'patch' && block.text !== '' ? block.text.split('\n') : [],
    ),
  )
}

function writeTimes(answers: readonly AssistantMessage[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const answer of answers) {
    const ended = Math.max(
      answer.completed ?? answer.created,
      ...toolsOf(answer).map((tool) => tool.ended ?? 0),
    )
    for (const path of changedFiles([answer])) times.set(path, Math.max(times.get(path) ?? 0, ended))
  }
  return times
}

function writtenFiles(answers: readonly AssistantMessage[]): readonly string[] {
  const paths = answers.flatMap(callChanges).map(({ path }) => path)
  return [...new Set(paths)]
}

function callChanges(answer: AssistantMessage): readonly FileChange[] {
  return toolsOf(answer).flatMap((tool) => (tool.status === 'completed' ? (tool.files ?? []) : []))
}

function toolsOf({ blocks }: AssistantMessage): readonly ToolBlock[] {
  return blocks.filter((block) => block.type === 'tool')
}
