import type { SessionAction } from './actions.ts'
import { keepFiles } from './blocks.ts'
import type { Block } from './model.ts'

/**
 * A shorter list with the same effect: appends of one block become one, and what a later action
 * overwrites is dropped. Reducing either list gives equal states.
 */
export function coalesce(actions: readonly SessionAction[]): readonly SessionAction[] {
  if (actions.length < 2) return actions
  const list = new CoalescedList()
  for (const action of actions) list.add(action)
  return list.toList()
}

type PutAction = Extract<SessionAction, { type: 'block/put' }>
type AppendAction = Extract<SessionAction, { type: 'block/append' }>
type MessagePut = Extract<SessionAction, { type: 'message/put' }>
type StatusAction = Extract<SessionAction, { type: 'status' }>

/** What the kept list holds of one block, by place. */
interface BlockTrace {
  readonly put: number | undefined
  readonly append: number | undefined
}

class CoalescedList {
  #kept: (SessionAction | undefined)[] = []
  readonly #blocks = new Map<string, BlockTrace>()
  /** Places of actions that a later one of the same key may replace where they stand. */
  readonly #places = new Map<string, number>()

  add(action: SessionAction): void {
    switch (action.type) {
      case 'block/append':
        return this.#append(action)
      case 'block/put':
        return this.#put(action)
      case 'message/put':
        return this.#putHead(action)
      case 'status':
        return this.#status(action)
      case 'session/put':
      case 'todos':
        return this.#replace(action.type, action)
      case 'reset':
        this.#kept = []
        return this.#barrier(action)
      case 'error':
        this.#push(action)
        return
      default:
        return this.#barrier(action)
    }
  }

  toList(): readonly SessionAction[] {
    return this.#kept.filter((action) => action !== undefined)
  }

  #append(action: AppendAction): void {
    const key = blockKey(action.messageID, action.blockID)
    const trace = this.#blocks.get(key)
    const known = trace?.append === undefined ? undefined : this.#kept[trace.append]
    if (trace?.append !== undefined && known?.type === 'block/append') {
      this.#kept[trace.append] = { ...known, text: known.text + action.text }
      return
    }
    this.#blocks.set(key, { put: trace?.put, append: this.#push(action) })
  }

  #put(action: PutAction): void {
    const key = blockKey(action.messageID, action.block.id)
    const trace = this.#blocks.get(key)
    const known = trace?.put === undefined ? undefined : this.#kept[trace.put]
    if (known?.type === 'block/put' && isReplaceable(known.block, action.block)) {
      this.#drop(trace?.put)
      this.#drop(trace?.append)
    }
    const put = this.#push(action)
    this.#blocks.set(key, { put, append: undefined })
  }

  /** Headers of prompts on their way follow their own rule, so they are left alone. */
  #putHead(action: MessagePut): void {
    const { id, role } = action.message
    this.#places.delete(`${role === 'user' ? 'assistant' : 'user'} ${id}`)
    if (action.message.role === 'user' && action.message.delivery) {
      this.#places.delete(`user ${id}`)
      this.#push(action)
    } else {
      this.#replace(`${role} ${id}`, action)
    }
  }

  /** Going idle and busy again means more than being busy, so only like follows like. */
  #status(action: StatusAction): void {
    const isIdle = action.status.kind === 'idle'
    this.#places.delete(isIdle ? 'status busy' : 'status idle')
    this.#replace(isIdle ? 'status idle' : 'status busy', action)
  }

  #replace(key: string, action: SessionAction): void {
    const place = this.#places.get(key)
    if (place === undefined) this.#places.set(key, this.#push(action))
    else this.#kept[place] = action
  }

  /** After it nothing may be joined with what stood before. */
  #barrier(action: SessionAction): void {
    this.#blocks.clear()
    this.#places.clear()
    this.#push(action)
  }

  #drop(place: number | undefined): void {
    if (place !== undefined) this.#kept[place] = undefined
  }

  #push(action: SessionAction): number {
    return this.#kept.push(action) - 1
  }
}

/** Files of a call stay known unless it failed, so a state that tells or drops them must not be skipped. */
function isReplaceable(known: Block, next: Block): boolean {
  if (known.type !== 'tool') return true
  const isSameCall = next.type === 'tool' && known.callID === next.callID
  return isSameCall && known.status !== 'failed' && keepFiles(known, next) === next
}

function blockKey(messageID: string, blockID: string): string {
  return `${messageID} ${blockID}`
}
