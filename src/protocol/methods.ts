import type { BlockID, MessageID, RequestID, SessionID } from '../opencode/ids.ts'
import type { PermissionReply, PromptDelivery } from '../session/model.ts'
import type { ChatAction, ChatSnapshot } from './chat.ts'
import type { MentionAnswer, SlashCommand } from './composer.ts'
import type { ConflictAnswer, EditSettlement, ProblemAnswer } from './desk.ts'

/** Method name → what goes in and what comes back. */
export type MethodMap = Record<string, { params: unknown; result: unknown }>

export type Handlers<M> = {
  readonly [K in keyof M as string extends K ? never : K]: M[K] extends { params: infer P; result: infer R }
    ? (params: P) => R | Promise<R>
    : never
}

/** Commands of the palette that the webview may run; each takes no argument. */
export const webviewCommands = [
  'newSession',
  'showSessions',
  'renameSession',
  'deleteSession',
  'forkSession',
  'compactSession',
  'exportSession',
  'shareSession',
  'openInTerminal',
  'dropUndone',
  'moveToBackground',
  'openChatInEditor',
  'startServer',
  'restartServer',
  'selectServer',
  'connectToServer',
  'setProviderKey',
  'doctor',
  'showLog',
  'showServerLog',
  'showContainerLog',
  'cleanUpContainers',
  'reviewIsolatedChanges',
  'bringIsolatedChangesBack',
  'discardIsolatedSession',
  'openFolder',
  'manageTrust',
  'openSettings',
  'openConfiguration',
  'installOpencode',
  'installEngine',
  'pickModel',
  'pickAgent',
  'pickVariant',
  'cycleAgent',
  'undoPrompt',
  'redoPrompts',
  'showPrompt',
  'addContext',
  'openAllChanges',
  'keepAllChanges',
  'undoAllChanges',
] as const
export type WebviewCommand = (typeof webviewCommands)[number]

/** Whether a file or folder is there, and whether the line that was named is in it. */
export type PathCheck = 'there' | 'no-line' | 'missing'

/** What the webview asks of the host. Params are checked against `schema.ts` before a handler sees them. */
export interface HostMethods extends MethodMap {
  /** The page is alive, or found a gap in the revisions: send everything. */
  'chat/open': { params: Record<string, never>; result: ChatSnapshot }
  /** Loads one older page of the session; resolves when its `history` action was sent. */
  'chat/history': { params: Record<string, never>; result: undefined }
  /** Shows a session here, or in an editor tab of its own. */
  'session/open': { params: { sessionID: SessionID; place?: 'editor' | undefined }; result: undefined }
  /**
   * Sends text with the chips named by `items`. The host puts it into the outbox before it answers;
   * `draftRevision` guards against sending a draft that the host has replaced meanwhile.
   */
  'prompt/send': { params: { text: string; items: readonly string[] }; result: { messageID: MessageID } }
  /** Tries a message again that could not be delivered. */
  'prompt/retry': { params: { messageID: MessageID }; result: undefined }
  /** Takes an undelivered message back into the composer. */
  'prompt/recall': { params: { messageID: MessageID }; result: undefined }
  /** Takes the session back to a message, or to a tool call; shows first what that does to files. */
  'history/undo': { params: { messageID: MessageID; blockID?: BlockID | undefined }; result: undefined }
  'history/redo': { params: Record<string, never>; result: undefined }
  /** Undoes a prompt with all behind it and puts its words into the composer. */
  'history/edit': { params: { messageID: MessageID }; result: undefined }
  /** A new session: with all before a prompt, whose words go to the composer, or with all up to an answer's end. */
  'history/fork': { params: { messageID: MessageID; from: 'prompt' | 'answer' }; result: undefined }
  /** A prompt, or all answers of the turn that the message belongs to. */
  'message/copyMarkdown': { params: { messageID: MessageID }; result: undefined }
  'session/abort': { params: Record<string, never>; result: undefined }
  /**
   * Has the model asked again for the answer to the last prompt, with the model that is chosen now; what
   * goes on is ended before. `switchModel` lets the user choose another one first.
   */
  'run/goOn': { params: { switchModel: boolean }; result: undefined }
  /** Which of these paths of the transcript exist; a line behind the end of a file does not. */
  'paths/check': {
    params: { links: readonly { readonly path: string; readonly line?: number | undefined }[] }
    result: readonly PathCheck[]
  }
  /** Sent 300 ms after the last key, and when the page is hidden. */
  'draft/change': { params: { text: string }; result: undefined }
  'draft/removeItem': { params: { id: string }; result: undefined }
  /** Sends a file again although the session has it unchanged. */
  'draft/resendItem': { params: { id: string }; result: undefined }
  /** Opens a read-only document of the exact parts that would be sent now. */
  'draft/inspect': { params: { text: string; items: readonly string[] }; result: undefined }
  /** What `@` may stand for; `withIgnored` looks into git-ignored files as well. */
  'mention/search': { params: { query: string; withIgnored: boolean }; result: MentionAnswer }
  /** Keeps a prompt of the session on screen until its run ends. */
  'queue/add': { params: { text: string; items: readonly string[] }; result: undefined }
  'queue/update': { params: { id: string; text: string }; result: undefined }
  /** `index` among the waiting prompts, from 0. */
  'queue/move': { params: { id: string; index: number }; result: undefined }
  'queue/remove': { params: { id: string }; result: undefined }
  /** Sends a waiting prompt into the run: it joins at the next step. */
  'queue/sendNow': { params: { id: string }; result: undefined }
  /** Goes on after a stopped or failed run. */
  'queue/resume': { params: Record<string, never>; result: undefined }
  /** Prompts that wait on the server: takes one back, moves it, takes its words back into the composer. */
  'inbox/cancel': { params: { messageID: MessageID }; result: undefined }
  'inbox/deliver': { params: { messageID: MessageID; delivery: PromptDelivery }; result: undefined }
  'inbox/edit': { params: { messageID: MessageID }; result: undefined }
  /** Lets an idle session take the first prompt that waits. */
  'inbox/resume': { params: Record<string, never>; result: undefined }
  /** A pasted or dropped file that has no address; at most 10 MiB. */
  'attachment/file': { params: { name: string; mime: string; base64: string }; result: undefined }
  /** A long text that was pasted. */
  'attachment/text': { params: { text: string }; result: undefined }
  /** Files and folders dropped from VS Code, by their URIs. */
  'attachment/uris': { params: { uris: readonly string[] }; result: undefined }
  /** Takes a pasted text out of the draft again. */
  'attachment/expand': { params: { id: string }; result: { text: string } }
  /** What `/` offers: our commands and the server's. */
  'slash/list': { params: Record<string, never>; result: readonly SlashCommand[] }
  /** Runs one of our own by its name. */
  'slash/run': { params: { name: string }; result: undefined }
  /** Adds what a mention stands for to the draft. */
  'mention/pick': { params: { id: string }; result: undefined }
  'permission/reply': {
    params: { requestID: RequestID; reply: PermissionReply; message?: string | undefined }
    result: undefined
  }
  /** Answers a proposed edit in another way than by yes or no; the agent is told what was done. */
  'edit/settle': { params: { requestID: RequestID; how: EditSettlement }; result: undefined }
  /** Decides about a file that was written under unsaved text. */
  'conflict/answer': { params: { path: string; how: ConflictAnswer }; result: undefined }
  /** Sends, opens or forgets the problems that came up with the last run of the session on screen. */
  'problems/answer': { params: { how: ProblemAnswer }; result: undefined }
  'question/reply': {
    params: { requestID: RequestID; answers: readonly (readonly string[])[] }
    result: undefined
  }
  'question/reject': { params: { requestID: RequestID }; result: undefined }
  'command/run': { params: { command: WebviewCommand }; result: undefined }
  /** Opens http(s) and mailto links after asking; anything else is refused. */
  'link/open': { params: { href: string }; result: undefined }
  /** Opens a file in the editor; `path` is as it stands in the transcript, `line` 1-based. */
  'file/open': { params: { path: string; line?: number | undefined }; result: undefined }
  /** Opens the change of one file of a tool call in VS Code's diff editor. */
  'diff/open': { params: { messageID: MessageID; callID: string; path: string }; result: undefined }
  /** Opens the proposed edit of a waiting permission in the diff editor. */
  'diff/openRequest': { params: { requestID: RequestID }; result: undefined }
  /** Opens the whole output of a tool call as a read-only document. */
  'output/open': { params: { messageID: MessageID; callID: string }; result: undefined }
  /** Opens a picture of a message in a tab; `index` says which of those that a tool gave back. */
  'picture/open': {
    params: { messageID: MessageID; blockID: BlockID; index?: number | undefined }
    result: undefined
  }
  /** Opens a drawn diagram in a tab. */
  'diagram/open': { params: { svg: string }; result: undefined }
  /** Puts a block of code in the place of the selection of the last used editor. */
  'code/insert': { params: { code: string }; result: undefined }
  /** Opens a block of code as an untitled document; `lang` is what the model called its language. */
  'code/open': { params: { code: string; lang: string }; result: undefined }
  /** Shows in a diff what the code would make of a file, and asks before the file is changed. */
  'code/apply': { params: { code: string; path?: string | undefined }; result: undefined }
  'clipboard/write': { params: { text: string }; result: undefined }
  /** The page got the keyboard, or lost it. */
  'page/focus': { params: { isFocused: boolean }; result: undefined }
  'problem/dismiss': { params: Record<string, never>; result: undefined }
  /** Recall with ↑: earlier prompts of this folder, newest first, at most 100. */
  'prompt/historyList': { params: Record<string, never>; result: readonly string[] }
  /** An error in the page, for the log. */
  'log/error': { params: { message: string }; result: undefined }
}

/** What the host tells the webview. */
export interface WebviewMethods extends MethodMap {
  /** `revision` is one higher than the last one; otherwise the page MUST call `chat/open` again. */
  'chat/changed': { params: { revision: number; actions: readonly ChatAction[] }; result: undefined }
  'composer/focus': { params: Record<string, never>; result: undefined }
  /** Opens the search bar of the transcript and gives it the focus. */
  'transcript/find': { params: Record<string, never>; result: undefined }
  /** Goes to the prompt before (-1) or after (1) the one that is being read. */
  'transcript/step': { params: { direction: 1 | -1 }; result: undefined }
  /** Shows the oldest open request and offers focus to it. */
  'request/reveal': { params: Record<string, never>; result: undefined }
}
