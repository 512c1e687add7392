import { toErrorInfo } from '../opencode/errors.ts'
import type { BlockID, MessageID, RequestID, SessionID } from '../opencode/ids.ts'
import type { ConflictAnswer, EditSettlement, ProblemAnswer } from '../protocol/desk.ts'
import type { HostMethods, WebviewCommand, WebviewMethods } from '../protocol/methods.ts'
import type { RpcChannel } from '../protocol/rpc.ts'
import type { PermissionReply } from '../session/model.ts'
import type { NamedPath } from './markdown/pathLinks.ts'
import { createComposerActions, itemIDs } from './composer/composerActions.ts'
import type { ChatStore } from './store.ts'

const draftDelayMs = 300

export type Actions = ReturnType<typeof createActions>

/** Everything a component can ask for. A call that fails leaves a sentence in `store.callError`. */
export function createActions(channel: RpcChannel<WebviewMethods, HostMethods>, store: ChatStore) {
  const call = createCall(channel, store)
  const draft = createDraftSync((text) => call('draft/change', { text }), store)
  let history: readonly string[] | undefined
  return {
    ...draft,
    ...createComposerActions({ channel, call, store, type: (text) => draft.type(text) }),
    run: (command: WebviewCommand) => call('command/run', { command }),
    openSession: (sessionID: SessionID, place?: 'editor') =>
      call('session/open', { sessionID, ...(place ? { place } : {}) }),
    loadOlder: () => call('chat/history', {}),
    /** `queue/add`: keeps it until the run on screen ends. */
    async send(method: 'prompt/send' | 'queue/add' = 'prompt/send'): Promise<boolean> {
      const text = store.text.value
      const items = itemIDs(store)
      draft.cancelDraft()
      history = undefined
      store.beginSend()
      const isSent = await call(method, { text, items })
      if (isSent) store.endSend()
      else store.cancelSend(text)
      return isSent
    },
    retry: (messageID: MessageID) => call('prompt/retry', { messageID }),
    recall: (messageID: MessageID) => call('prompt/recall', { messageID }),
    undo: (messageID: MessageID, blockID?: BlockID) =>
      call('history/undo', { messageID, ...(blockID ? { blockID } : {}) }),
    redo: () => call('history/redo', {}),
    editPrompt: (messageID: MessageID) => call('history/edit', { messageID }),
    fork: (messageID: MessageID, from: 'prompt' | 'answer') => call('history/fork', { messageID, from }),
    copyMarkdown: (messageID: MessageID) => call('message/copyMarkdown', { messageID }),
    abort: () => call('session/abort', {}),
    goOn: (switchModel: boolean) => call('run/goOn', { switchModel }),
    removeItem: (id: string) => call('draft/removeItem', { id }),
    replyPermission: (requestID: RequestID, reply: PermissionReply, message?: string) =>
      call('permission/reply', { requestID, reply, ...(message ? { message } : {}) }),
    replyQuestion: (requestID: RequestID, answers: readonly (readonly string[])[]) =>
      call('question/reply', { requestID, answers }),
    settleEdit: (requestID: RequestID, how: EditSettlement) => call('edit/settle', { requestID, how }),
    answerConflict: (path: string, how: ConflictAnswer) => call('conflict/answer', { path, how }),
    answerProblems: (how: ProblemAnswer) => call('problems/answer', { how }),
    rejectQuestion: (requestID: RequestID) => call('question/reject', { requestID }),
    ...createOpenActions(channel, call),
    copy: (text: string) => call('clipboard/write', { text }),
    tellFocus: (isFocused: boolean) => channel.notify('page/focus', { isFocused }),
    dismissProblem: () => call('problem/dismiss', {}),
    reportError: (message: string) => channel.notify('log/error', { message: message.slice(0, 4_000) }),
    async promptHistory(): Promise<readonly string[]> {
      history ??= await channel.call('prompt/historyList', {}).catch(() => [])
      return history
    },
  }
}

/** What leads out of the transcript: links, files, diffs, and what can be done with code. */
function createOpenActions(channel: RpcChannel<WebviewMethods, HostMethods>, call: Call) {
  return {
    openLink: (href: string) => call('link/open', { href }),
    openFile: (path: string, line?: number) => call('file/open', { path, ...(line ? { line } : {}) }),
    openDiff: (messageID: MessageID, callID: string, path: string) =>
      call('diff/open', { messageID, callID, path }),
    openRequestDiff: (requestID: RequestID) => call('diff/openRequest', { requestID }),
    openOutput: (messageID: MessageID, callID: string) => call('output/open', { messageID, callID }),
    openPicture: (messageID: MessageID, blockID: BlockID, index?: number) =>
      call('picture/open', { messageID, blockID, ...(index === undefined ? {} : { index }) }),
    openDiagram: (svg: string) => call('diagram/open', { svg }),
    insertCode: (code: string) => call('code/insert', { code }),
    openCode: (code: string, lang: string) => call('code/open', { code, lang }),
    /** `path`: the file that the model named for this code, if it did. */
    applyCode: (code: string, path: string | undefined) =>
      call('code/apply', { code, ...(path ? { path } : {}) }),
    /** Undefined when it cannot be found out. */
    checkPaths: (links: readonly NamedPath[]) =>
      channel.call('paths/check', { links }).catch(() => undefined),
  }
}

type Call = ReturnType<typeof createCall>

/** Resolves to whether the host did it. */
function createCall(channel: RpcChannel<WebviewMethods, HostMethods>, store: ChatStore) {
  return async <K extends keyof HostMethods & string>(
    method: K,
    params: HostMethods[K]['params'],
  ): Promise<boolean> => {
    try {
      await channel.call(method, params as never)
      store.callError.value = undefined
      return true
    } catch (error) {
      const { code, message } = toErrorInfo(error)
      if (code !== 'aborted' && code !== 'channel-closed') store.callError.value = message
      return false
    }
  }
}

/** Tells the host what is typed: after a pause, and at once when the page may be about to go. */
function createDraftSync(change: (text: string) => Promise<boolean>, store: ChatStore) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const cancelDraft = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  const tellDraft = (): void => {
    cancelDraft()
    void change(store.text.value)
  }
  const flushDraft = (): void => {
    if (timer !== undefined) tellDraft()
  }
  return {
    cancelDraft,
    tellDraft,
    flushDraft,
    type(text: string): void {
      store.setText(text)
      clearTimeout(timer)
      timer = setTimeout(flushDraft, draftDelayMs)
    },
  }
}
