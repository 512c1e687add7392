import type { BlockID, MessageID, SessionID } from '../opencode/ids.ts'

export interface Picture {
  /** `image/…` */
  readonly mime: string
  readonly base64: string
}

/** Pictures of messages in full; blocks hold only small ones. */
export interface Pictures {
  /**
   * The picture of a file block, or number `index` (from 0) of those that a tool gave back. Undefined when there is none.
   * Rejects with an OpencodeError.
   */
  read(
    sessionID: SessionID,
    messageID: MessageID,
    blockID: BlockID,
    index?: number,
  ): Promise<Picture | undefined>
}
