import type { BlockID, SessionID } from '../../opencode/ids.ts'
import type { SessionAction } from '../../session/actions.ts'
import type { Block } from '../../session/model.ts'

/** No text that a model writes in one go is longer, in characters. */
const textLimit = 4_000_000

/**
 * The texts that are being written in all sessions of a server, shown or not, as the stream told them from
 * their first word on. The server stores a text only when it is complete, so a session that is opened in
 * the middle of an answer gets the beginning from here.
 */
export class OpenTexts {
  readonly #sessions = new Map<SessionID, Map<BlockID, string>>()

  /** Takes in what the stream says, in its order. */
  receive(sessionID: SessionID, action: SessionAction): void {
    if (action.type === 'block/put') this.#put(sessionID, action.block)
    if (action.type === 'block/append') this.#append(sessionID, action.blockID, action.text)
    if (action.type === 'block/removed') this.#sessions.get(sessionID)?.delete(action.blockID)
    if (action.type === 'status' && action.status.kind === 'idle') this.forget(sessionID)
  }

  /** The texts of one session's open blocks, as they are at this moment. */
  of(sessionID: SessionID): ReadonlyMap<BlockID, string> {
    return new Map(this.#sessions.get(sessionID))
  }

  forget(sessionID: SessionID): void {
    this.#sessions.delete(sessionID)
  }

  /** The stream had a gap: no text is known from its first word on. */
  clear(): void {
    this.#sessions.clear()
  }

  #put(sessionID: SessionID, block: Block): void {
    const texts = this.#sessions.get(sessionID)
    if ((block.type !== 'text' && block.type !== 'reasoning') || !block.open) {
      texts?.delete(block.id)
      return
    }
    const known = texts?.get(block.id) ?? ''
    const text = known.length > block.text.length ? known : block.text
    if (texts) texts.set(block.id, text)
    else this.#sessions.set(sessionID, new Map([[block.id, text]]))
  }

  #append(sessionID: SessionID, blockID: BlockID, text: string): void {
    const texts = this.#sessions.get(sessionID)
    const known = texts?.get(blockID)
    if (!texts || known === undefined) return
    if (known.length + text.length > textLimit) texts.delete(blockID)
    else texts.set(blockID, known + text)
  }
}
