import type { BlockID, MessageID, SessionID } from '../../opencode/ids.ts'
import type { SessionAction } from '../../session/actions.ts'
import type { AssistantMessage, Block, Message } from '../../session/model.ts'
import { compact, fields, number, text, word } from '../reading.ts'
import type { Fields } from '../reading.ts'
import { blockAt } from './messages.ts'
import { readToolBlock } from './tools.ts'

type TextKind = 'text' | 'reasoning'

/** Characters of tool input after which it is shown again while it is being written. */
const inputStep = 48

interface LiveTool {
  readonly block: BlockID
  raw: string
  shown: number
  wire: Fields
}

/**
 * One answer while the server writes it. Its events name texts by kind and ordinal and tools by their call; here each
 * gets the place in which it came. What is known from a stored message instead (we came in the middle of it) counts
 * its texts by kind.
 */
export class Track {
  readonly sessionID: SessionID
  readonly messageID: MessageID
  readonly #texts = new Map<string, BlockID>()
  readonly #tools = new Map<string, LiveTool>()
  /** When texts began that may end behind others, epoch milliseconds. */
  readonly #begun = new Map<BlockID, number>()
  #open:
    { readonly id: BlockID; readonly kind: TextKind; text: string; readonly started?: number } | undefined
  #count = 0

  constructor(sessionID: SessionID, messageID: MessageID) {
    this.sessionID = sessionID
    this.messageID = messageID
  }

  /** How many blocks there are. */
  get count(): number {
    return this.#count
  }

  /** Takes over what is stored. */
  adopt({ blocks }: AssistantMessage, content: readonly unknown[]): void {
    const counts = { text: 0, reasoning: 0 }
    for (const [index, block] of blocks.entries()) {
      if (block.type === 'text' || block.type === 'reasoning')
        this.#texts.set(`${block.type} ${counts[block.type]++}`, block.id)
      if (block.type === 'tool') {
        this.#tools.set(block.callID, { block: block.id, raw: '', shown: 0, wire: fields(content[index]) })
      }
    }
    this.#count = content.length
  }

  textStarted(kind: TextKind, data: Fields, now: number | undefined): readonly SessionAction[] {
    const closed = this.#close()
    const key = textKey(kind, data)
    const known = this.#texts.get(key)
    const id = known ?? this.#next()
    this.#texts.set(key, id)
    if (now !== undefined) this.#begun.set(id, now)
    this.#open = { id, kind, text: '', ...this.#beginOf(id) }
    return [...closed, this.#put(this.#textBlock(true))]
  }

  delta(kind: TextKind, data: Fields): readonly SessionAction[] {
    const blockID = this.#textID(kind, data)
    const added = text(data['delta'])
    if (blockID === undefined || !added) return []
    if (this.#open?.id === blockID) this.#open.text += added
    return [{ type: 'block/append', messageID: this.messageID, blockID, text: added }]
  }

  /** Brings the whole text, so that lost pieces do not matter. */
  textEnded(kind: TextKind, data: Fields, now: number | undefined): readonly SessionAction[] {
    const id = this.#textID(kind, data)
    if (id === undefined) return []
    const open = this.#open?.id === id ? this.#open : { id, kind, text: '', ...this.#beginOf(id) }
    if (this.#open?.id === id) this.#open = undefined
    return [this.#put(textBlock({ ...open, text: text(data['text']) ?? open.text }, false, now))]
  }

  toolStarted(data: Fields, now: number | undefined): readonly SessionAction[] {
    const callID = word(data['id'])
    if (callID === undefined) return []
    const closed = this.#close()
    const wire = {
      id: callID,
      name: data['name'],
      state: { status: 'streaming', input: '' },
      time: { created: now },
    }
    const block = this.#tools.get(callID)?.block ?? this.#next()
    this.#tools.set(callID, { block, raw: '', shown: 0, wire })
    return [...closed, this.#put(readToolBlock(block, wire))]
  }

  toolDelta(data: Fields): readonly SessionAction[] {
    const tool = this.#tools.get(word(data['id']) ?? '')
    if (!tool) return []
    tool.raw += text(data['delta']) ?? ''
    if (tool.raw.length < tool.shown + Math.max(inputStep, tool.shown / 8)) return []
    tool.shown = tool.raw.length
    return this.#change(tool, { status: 'streaming', input: tool.raw })
  }

  toolChanged(data: Fields, state: Fields, time: Fields = {}): readonly SessionAction[] {
    const tool = this.#tools.get(word(data['id']) ?? '')
    if (!tool) return []
    tool.wire = { ...tool.wire, time: { ...fields(tool.wire['time']), ...time } }
    return this.#change(tool, { ...fields(tool.wire['state']), ...compact(state) })
  }

  #change(tool: LiveTool, state: Fields): readonly SessionAction[] {
    tool.wire = { ...tool.wire, state }
    return [this.#put(readToolBlock(tool.block, tool.wire))]
  }

  #beginOf(id: BlockID): { readonly started?: number } {
    const started = this.#begun.get(id)
    return started === undefined ? {} : { started }
  }

  /** Some providers end their thoughts only after the text. */
  #close(): readonly SessionAction[] {
    if (!this.#open) return []
    const block = this.#textBlock(false)
    this.#open = undefined
    return [this.#put(block)]
  }

  /** An ordinal that we have not seen begin can only be the latest of its kind. */
  #textID(kind: TextKind, data: Fields): BlockID | undefined {
    const known = this.#texts.get(textKey(kind, data))
    return known ?? [...this.#texts].findLast(([key]) => key.startsWith(kind))?.[1]
  }

  #textBlock(open: boolean): Block {
    return textBlock(this.#open ?? { id: blockAt(0), kind: 'text', text: '' }, open, undefined)
  }

  #put(block: Block): SessionAction {
    return { type: 'block/put', messageID: this.messageID, block }
  }

  #next(): BlockID {
    return blockAt(this.#count++)
  }
}

function textKey(kind: TextKind, data: Fields): string {
  return `${kind} ${number(data['ordinal']) ?? 0}`
}

interface Text {
  readonly id: BlockID
  readonly kind: TextKind
  readonly text: string
  readonly started?: number
}

function textBlock(from: Text, open: boolean, ended: number | undefined): Block {
  const { id, kind, text: said, started } = from
  if (kind === 'text') return { type: 'text', id, text: said, open }
  return compact({ type: 'reasoning' as const, id, text: said, open, started, ended })
}

/** What brings a message that we hold to the one that is stored; `surplus` are blocks that it may have more. */
export function putMessage(message: Message, surplus: readonly BlockID[] = []): readonly SessionAction[] {
  const { blocks, ...head } = message
  const kept = new Set(blocks.map(({ id }) => id))
  return [
    { type: 'message/put', message: head },
    ...surplus
      .filter((id) => !kept.has(id))
      .map((blockID): SessionAction => ({ type: 'block/removed', messageID: message.id, blockID })),
    ...blocks.map((block): SessionAction => ({ type: 'block/put', messageID: message.id, block })),
  ]
}
