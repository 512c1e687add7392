import type { ModelRef } from '../opencode/catalog.ts'
import type { MessageID, SessionID } from '../opencode/ids.ts'
import type { FileChange, Session } from '../session/model.ts'
import type { UndoPoint } from '../session/undo.ts'

/** What an undo does to the files of a directory. `messages`: it takes the words back and leaves the files alone. */
export type UndoReach =
  { readonly kind: 'files' } | { readonly kind: 'messages'; readonly reason: 'no-git' | 'snapshots-off' }

/** How sessions of a directory may be shared, by the server's configuration. */
export type ShareMode = 'manual' | 'auto' | 'disabled'

/** A session in the file format of `opencode export`, which `opencode import` takes. */
export interface SessionExport {
  readonly session: Session
  /** JSON of the server, untouched. */
  readonly document: SessionDocument
}

export interface SessionDocument {
  readonly info: Readonly<Record<string, unknown>>
  readonly messages: readonly Readonly<Record<string, unknown>>[]
}

/** What can be done to the course of a session. Every method rejects with an OpencodeError. */
export interface SessionHistory {
  /** A new session with the messages before `before`, or with all of them. */
  fork(sessionID: SessionID, before?: MessageID): Promise<Session>
  /** Hides messages and restores files. Rejects with `busy` while the session runs. */
  undo(sessionID: SessionID, point: UndoPoint): Promise<Session>
  /** Brings back what was undone. Rejects with `busy` while the session runs. */
  redo(sessionID: SessionID): Promise<Session>
  /** Drops for good what is undone, without a prompt; `unsupported` where only a prompt does that. */
  commitUndo(sessionID: SessionID): Promise<void>
  /** What the undo in force changed on disk: from the state that `redo` brings back to the one of now. Absolute paths. */
  undoneChanges(sessionID: SessionID): Promise<readonly FileChange[]>
  undoReach(directory: string): Promise<UndoReach>
  /** Has a model summarize the conversation; resolves when that is done. */
  compact(sessionID: SessionID, model: ModelRef): Promise<void>
  shareMode(directory: string): Promise<ShareMode>
  /** Puts the session on the public sharing site; the answer has the link. */
  share(sessionID: SessionID): Promise<Session>
  unshare(sessionID: SessionID): Promise<Session>
  exportSession(sessionID: SessionID): Promise<SessionExport>
  /** The same conversation under new ids, so that it can stand beside the original. */
  copyOf(document: SessionDocument): SessionDocument
  /** Takes a session in, in a directory. Absent: only the program on the server's machine can. */
  importSession?(document: SessionDocument, directory: string): Promise<Session>
}
