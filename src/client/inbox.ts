import type { MessageID, SessionID } from '../opencode/ids.ts'
import type { PromptDelivery } from '../session/model.ts'

/**
 * The prompts that a server keeps until their time comes. Their session shows them as messages that wait. Every method
 * rejects with an OpencodeError; a prompt that was delivered meanwhile is not touched any more.
 */
export interface SessionInbox {
  /** Takes a prompt back for good. */
  cancel(sessionID: SessionID, messageID: MessageID): Promise<void>
  /** Changes when a prompt joins the conversation. */
  redeliver(sessionID: SessionID, messageID: MessageID, delivery: PromptDelivery): Promise<void>
  /** Lets an idle session take its first waiting prompt; resolves when the server accepted that. */
  resume(sessionID: SessionID): Promise<void>
}
