import type {
  AssistantMessage,
  Block,
  FileBlock,
  NoticeBlock,
  ReasoningBlock,
  RunError,
  TextBlock,
  ToolBlock,
  UserMessage,
} from '../../session/model.ts'
import type { Turn } from '../../session/selectors.ts'
import type { MessageID } from '../../opencode/ids.ts'

/** One thing that stands in the transcript. The object stays the same while what it shows does. */
export type Item =
  | { readonly kind: 'prompt'; readonly key: string; readonly message: UserMessage; readonly cost: number }
  | { readonly kind: 'text'; readonly key: string; readonly block: TextBlock; readonly cost: number }
  | {
      readonly kind: 'reasoning'
      readonly key: string
      readonly block: ReasoningBlock
      readonly cost: number
    }
  | {
      readonly kind: 'tool'
      readonly key: string
      readonly block: ToolBlock
      readonly messageID: MessageID
      readonly cost: number
    }
  | {
      readonly kind: 'tools'
      readonly key: string
      readonly tools: readonly ToolEntry[]
      readonly cost: number
    }
  | {
      readonly kind: 'files'
      readonly key: string
      readonly block: FileBlock
      readonly messageID: MessageID
      readonly cost: number
    }
  | { readonly kind: 'notice'; readonly key: string; readonly block: NoticeBlock; readonly cost: number }
  | {
      readonly kind: 'error'
      readonly key: string
      readonly error: RunError
      readonly messageID: MessageID
      readonly cost: number
    }

export interface ToolEntry {
  readonly block: ToolBlock
  readonly messageID: MessageID
}

/** The items of one turn: the prompt's, then the answer's. */
export interface TurnItems {
  readonly key: string
  readonly turn: Turn
  readonly items: readonly Item[]
}

/** Tools that only look: a run of them folds into one line. */
const lookingKinds: ReadonlySet<string> = new Set(['read', 'grep', 'glob', 'list'])
const shortestRun = 3

/** Cuts turns into items; a turn that did not change gives its items of the last time. */
export class ItemCache {
  #turns = new Map<string, TurnItems>()

  itemsOf(turns: readonly Turn[]): readonly TurnItems[] {
    const next = new Map<string, TurnItems>()
    const list = turns.map((turn) => {
      const key = turnKey(turn)
      const old = this.#turns.get(key)
      const now = old && isSameTurn(old.turn, turn) ? old : { key, turn, items: reuse(old, cut(turn)) }
      next.set(key, now)
      return now
    })
    this.#turns = next
    return list
  }
}

function turnKey(turn: Turn): string {
  return turn.prompt?.id ?? turn.answers[0]?.id ?? 'empty'
}

function isSameTurn(left: Turn, right: Turn): boolean {
  if (left.prompt !== right.prompt || left.answers.length !== right.answers.length) return false
  return left.answers.every((answer, index) => answer === right.answers[index])
}

function cut(turn: Turn): readonly Item[] {
  const prompt: Item[] = turn.prompt
    ? [{ kind: 'prompt', key: turn.prompt.id, message: turn.prompt, cost: 12 }]
    : []
  const answer = turn.answers.flatMap((message) => answerItems(message))
  return [...prompt, ...foldRuns(answer)]
}

function answerItems(message: AssistantMessage): readonly Item[] {
  const items = message.blocks.flatMap((block) => blockItem(message.id, block))
  if (!message.error || message.error.kind === 'aborted') {
    return message.error ? [...items, errorItem(message, message.error)] : items
  }
  return [...items, errorItem(message, message.error)]
}

function errorItem(message: AssistantMessage, error: RunError): Item {
  return { kind: 'error', key: `${message.id}/error`, error, messageID: message.id, cost: 8 }
}

function blockItem(messageID: MessageID, block: Block): readonly Item[] {
  const key = `${messageID}/${block.id}`
  switch (block.type) {
    case 'text':
      return isHidden(block) ? [] : [{ kind: 'text', key, block, cost: textCost(block.text) }]
    case 'reasoning':
      return block.text.trim() === '' && !block.open ? [] : [{ kind: 'reasoning', key, block, cost: 8 }]
    case 'tool':
      return [{ kind: 'tool', key, block, messageID, cost: 16 }]
    case 'file':
      return [{ kind: 'files', key, block, messageID, cost: 6 }]
    case 'notice':
      return block.notice === 'patch' ? [] : [{ kind: 'notice', key, block, cost: 4 }]
  }
}

function isHidden(block: TextBlock): boolean {
  return block.synthetic === true || (block.text.trim() === '' && !block.gap)
}

/** What the frame of a block of code has in nodes beside its text. */
const codeCost = 16

/** A guess of the nodes that a text becomes; a long one stands in the page in part only. */
function textCost(text: string): number {
  const codes = Math.ceil((text.split('```').length - 1) / 2)
  return Math.min(500, 6 + Math.ceil(text.length / 30) + codes * codeCost)
}

function foldRuns(items: readonly Item[]): readonly Item[] {
  const result: Item[] = []
  let run: Extract<Item, { kind: 'tool' }>[] = []
  const close = (): void => {
    result.push(...(run.length >= shortestRun ? [runItem(run)] : run))
    run = []
  }
  for (const item of items) {
    if (item.kind === 'tool' && isLooking(item.block)) run.push(item)
    else {
      close()
      result.push(item)
    }
  }
  close()
  return result
}

function isLooking(block: ToolBlock): boolean {
  return lookingKinds.has(block.kind) && block.status !== 'failed'
}

function runItem(run: readonly Extract<Item, { kind: 'tool' }>[]): Item {
  const tools = run.map(({ block, messageID }) => ({ block, messageID }))
  return { kind: 'tools', key: `${run[0]?.key ?? ''}/run`, tools, cost: 10 }
}

/** Keeps the objects of items that show the same, so that drawing can skip them. */
function reuse(old: TurnItems | undefined, items: readonly Item[]): readonly Item[] {
  if (!old) return items
  const known = new Map(old.items.map((item) => [item.key, item]))
  return items.map((item) => {
    const before = known.get(item.key)
    return before && showsSame(before, item) ? before : item
  })
}

function showsSame(left: Item, right: Item): boolean {
  const shown = shownBy(right)
  return (
    left.kind === right.kind &&
    shownBy(left).every((part, index) => part === shown[index]) &&
    shownBy(left).length === shown.length
  )
}

function shownBy(item: Item): readonly unknown[] {
  switch (item.kind) {
    case 'prompt':
      return [item.message]
    case 'tools':
      return item.tools.map((tool) => tool.block)
    case 'error':
      return [item.error]
    default:
      return [item.block]
  }
}
