import { randomUUID } from 'node:crypto'
import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import type { MessageID } from '../../opencode/ids.ts'
import type { Attachment } from '../../prompt/attachment.ts'
import { setContextKey } from '../../platform/contextKeys.ts'
import { refreshAttachments } from '../../prompt/refresh.ts'
import type { ContextItem } from '../../protocol/composer.ts'
import type { Handlers, HostMethods } from '../../protocol/methods.ts'
import { promptMode } from '../../protocol/composer.ts'
import type { FileChange, Prompt, PromptPart, ToolBlock } from '../../session/model.ts'
import { turnsOf } from '../../session/selectors.ts'
import type { SessionState } from '../../session/state.ts'
import type { ChatSession } from './chatSession.ts'
import { insertCode, openCode } from '../transcript/codeBlocks.ts'
import { createComposerHandlers } from '../composer/composerHandlers.ts'
import { deskHandlers, findRequest } from '../desk/deskHandlers.ts'
import { absolutePath, openLink } from '../links.ts'
import { promptTarget } from '../composer/promptTarget.ts'
import { needConnection, nothing, pathHere } from './handlerParts.ts'
import type { HandlerContext, Picked } from './handlerParts.ts'
import { transcriptHandlers } from '../transcript/transcriptHandlers.ts'
import { historyHandlers } from '../undo/historyHandlers.ts'

/** What the page of a chat may ask for. */
export function createHandlers(context: HandlerContext): Handlers<HostMethods> {
  return {
    ...viewHandlers(context),
    ...promptHandlers(context),
    ...createComposerHandlers(context),
    ...questionHandlers(context),
    ...deskHandlers(context),
    ...openHandlers(context),
    ...codeHandlers(context),
    ...historyHandlers(context.services, context.chat),
    ...transcriptHandlers(context),
  }
}

function viewHandlers({
  chat,
  page,
  services,
  run,
}: HandlerContext): Picked<
  | 'chat/open'
  | 'chat/history'
  | 'session/open'
  | 'session/abort'
  | 'command/run'
  | 'clipboard/write'
  | 'page/focus'
  | 'problem/dismiss'
  | 'log/error'
> {
  return {
    'chat/open': async () => {
      const snapshot = await chat.snapshot()
      page.loaded()
      return snapshot
    },
    'chat/history': nothing(() => chat.loadOlder()),
    'session/open': nothing(({ sessionID, place }) => {
      const shown = { sessionID, directory: chat.directory }
      return place === 'editor'
        ? vscode.commands.executeCommand('opencodeSessions.openSessionInEditor', shown)
        : chat.show(shown)
    }),
    'session/abort': nothing(async () => {
      if (!chat.sessionID) return
      services.composer.queue.pause(chat.sessionID, vscode.l10n.t('The run was stopped.'))
      await needConnection(chat).abort(chat.sessionID)
    }),
    'command/run': nothing(({ command }) => run(command)),
    'clipboard/write': nothing(async ({ text }) => vscode.env.clipboard.writeText(text)),
    'page/focus': nothing(({ isFocused }) => setContextKey('isChatFocused', isFocused)),
    'problem/dismiss': nothing(() => chat.setProblem(undefined)),
    'log/error': nothing(({ message }) => services.log.warn(`page: ${message}`)),
  }
}

function promptHandlers({
  chat,
  services,
}: HandlerContext): Picked<
  | 'prompt/send'
  | 'prompt/retry'
  | 'prompt/recall'
  | 'prompt/historyList'
  | 'draft/change'
  | 'draft/removeItem'
> {
  const { drafts, history } = services
  return {
    'prompt/send': async ({ text, items }) => {
      const key = chat.draftKey
      const target = promptTarget(chat.backend, chat.needDirectory())
      // The page may go before its last keys got here; until the prompt is in the outbox the draft holds them.
      drafts.type(key, text)
      // A command line takes nothing along; its chips stay for the next message.
      const taken = promptMode(text) === 'shell' ? [] : items
      const attachments = await refreshAttachments(drafts.attachments(key, taken), target)
      const messageID = await chat.send(text, attachments)
      drafts.sent(key, { text, items: taken }, chat.draftKey)
      await drafts.flush()
      return { messageID }
    },
    'prompt/retry': nothing(({ messageID }) => chat.backend.outbox.retry(messageID)),
    'prompt/recall': nothing(({ messageID }) => {
      const prompt = chat.backend.outbox.recall(messageID)
      if (!prompt) throw new OpencodeError('conflict', vscode.l10n.t('The server has this message already.'))
      drafts.add(chat.draftKey, attachmentsOf(prompt))
      const text = [textOf(prompt), drafts.get(chat.draftKey).text].filter((part) => part !== '').join('\n')
      drafts.write(chat.draftKey, text)
    }),
    'prompt/historyList': () => (chat.directory === undefined ? [] : history.list(chat.directory)),
    'draft/change': nothing(({ text }) => drafts.type(chat.draftKey, text)),
    'draft/removeItem': nothing(({ id }) => drafts.remove(chat.draftKey, id)),
  }
}

function questionHandlers({ chat }: HandlerContext): Picked<'question/reply' | 'question/reject'> {
  return {
    'question/reply': nothing(async ({ requestID, answers }) => {
      await needConnection(chat).replyQuestion(findRequest(chat, requestID), answers)
    }),
    'question/reject': nothing(async ({ requestID }) => {
      await needConnection(chat).rejectQuestion(findRequest(chat, requestID))
    }),
  }
}

function openHandlers({
  chat,
  services,
}: HandlerContext): Picked<'link/open' | 'file/open' | 'diff/open' | 'output/open'> {
  const { documents } = services
  return {
    'link/open': nothing(({ href }) => openLink(href)),
    'file/open': nothing(({ path, line }) => {
      const file = { path: pathHere(chat, path), line, directory: chat.needDirectory() }
      return services.serverFiles.open(file, chat.backend.hub.connection?.files)
    }),
    'diff/open': nothing(async ({ messageID, callID, path }) => {
      const block = findTool(chat.state.session, messageID, callID)
      const change = await findChange(context(), block, path)
      const absolute = absolutePath(path, chat.needDirectory())
      const isDone = block.status !== 'pending' && block.status !== 'running'
      if (isDone || change.patch === undefined) await documents.openDone({ path: absolute, change })
      else await documents.openProposed(absolute, change.patch)
    }),
    'output/open': nothing(async ({ messageID, callID }) => {
      const block = findTool(chat.state.session, messageID, callID)
      const whole =
        block.outputCut === true && chat.sessionID
          ? await needConnection(chat).readToolOutput(chat.sessionID, messageID, callID)
          : undefined
      await documents.openText(
        `${block.name} ${callID.slice(-6)}.txt`,
        plainText(whole ?? block.output ?? ''),
      )
    }),
  }

  function context(): ChangeContext {
    return { chat, state: chat.state.session }
  }
}

function codeHandlers({
  chat,
  services,
}: HandlerContext): Picked<'code/insert' | 'code/open' | 'code/apply'> {
  return {
    'code/insert': nothing(({ code }) => insertCode(code)),
    'code/open': nothing(({ code, lang }) => openCode(code, lang)),
    'code/apply': nothing(({ code, path }) => {
      const file = path === undefined ? undefined : pathHere(chat, path)
      return services.code.show({ code, path: file, directory: chat.needDirectory() })
    }),
  }
}

interface ChangeContext {
  readonly chat: ChatSession
  readonly state: SessionState | undefined
}

/** The change of a tool call; where its patch is missing, that of the whole turn. */
async function findChange(
  { chat, state }: ChangeContext,
  block: ToolBlock,
  path: string,
): Promise<FileChange> {
  const change = block.files?.find((file) => file.path === path)
  if (change?.patch !== undefined) return change
  const turn =
    state && turnsOf(state).find(({ answers }) => answers.some(({ blocks }) => blocks.includes(block)))
  const promptID = turn?.prompt?.id
  if (state && promptID) {
    const directory = state.session.directory
    const changes = await needConnection(chat).turnDiff(state.session.id, promptID)
    const found = changes.find((each) => absolutePath(each.path, directory) === absolutePath(path, directory))
    if (found) return found
  }
  if (change) return change
  throw new OpencodeError('not-found', vscode.l10n.t('The server did not say what changed in this file.'))
}

function findTool(state: SessionState | undefined, messageID: MessageID, callID: string): ToolBlock {
  const message = state?.messages.find(({ id }) => id === messageID)
  const block = message?.blocks.find((each) => each.type === 'tool' && each.callID === callID)
  if (block?.type === 'tool') return block
  throw new OpencodeError('not-found', vscode.l10n.t('This tool call is not in the session any more.'))
}

function textOf({ parts }: Prompt): string {
  return parts
    .flatMap((part) => (part.type === 'text' && part.synthetic !== true ? [part.text] : []))
    .join('\n')
}

/** Chips for what an undelivered prompt carried; hidden words stay with the content behind them. */
function attachmentsOf({ parts }: Prompt): readonly Attachment[] {
  const attachments: Attachment[] = []
  let hidden: PromptPart[] = []
  for (const part of parts) {
    if (part.type === 'text') {
      if (part.synthetic === true) hidden.push(part)
      continue
    }
    attachments.push({ item: chipOf(part), parts: [...hidden, part] })
    hidden = []
  }
  return attachments
}

function chipOf(part: Exclude<PromptPart, { type: 'text' }>): ContextItem {
  const kind = part.type !== 'agent' && part.mime.startsWith('image/') ? 'image' : 'file'
  const label = part.name.split('/').at(-1) ?? part.name
  return { id: randomUUID(), kind, label, detail: part.name }
}

/** Without colours and cursor movements. */
function plainText(text: string): string {
  return text.replace(/\u001b\[[\d;?]*[ -/]*[@-~]/g, '')
}
