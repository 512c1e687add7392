import type { BlockID, MessageID, RequestID } from '../opencode/ids.ts'
import type { Block, Message, MessageHead, Request, RunError, RunStatus, Session, Todo } from './model.ts'
import type { SessionState } from './state.ts'

/**
 * Everything that can change a SessionState. Adapters make them from wire events, the store from
 * snapshots and the outbox; host and webview reduce the same list. All are idempotent but `block/append`.
 */
export type SessionAction =
  | { readonly type: 'session/put'; readonly session: Session }
  /** Creates the message or replaces its header; blocks stay. */
  | { readonly type: 'message/put'; readonly message: MessageHead }
  | { readonly type: 'message/removed'; readonly messageID: MessageID }
  /** Creates (in the order of block ids, as the server lists them) or replaces one block; ignored when its message is unknown. */
  | { readonly type: 'block/put'; readonly messageID: MessageID; readonly block: Block }
  /** Appends to the text of an open text or reasoning block; ignored when the block is unknown. */
  | {
      readonly type: 'block/append'
      readonly messageID: MessageID
      readonly blockID: BlockID
      readonly text: string
    }
  | { readonly type: 'block/removed'; readonly messageID: MessageID; readonly blockID: BlockID }
  | { readonly type: 'status'; readonly status: RunStatus }
  | { readonly type: 'request/put'; readonly request: Request }
  | { readonly type: 'request/removed'; readonly requestID: RequestID }
  | { readonly type: 'todos'; readonly todos: readonly Todo[] }
  /** The run failed or was aborted; the run may still go on (context overflow is compacted). */
  | { readonly type: 'error'; readonly error: RunError | undefined }
  /** Sent by the store some time after idle: closes what is still open as interrupted. */
  | { readonly type: 'settle' }
  /** An older page of history, put before what is there. */
  | { readonly type: 'history'; readonly messages: readonly Message[]; readonly hasOlder: boolean }
  /** Replaces everything: the session was fetched again. */
  | { readonly type: 'reset'; readonly state: SessionState }
