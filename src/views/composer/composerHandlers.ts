import * as vscode from 'vscode'
import type { Attachment } from '../../prompt/attachment.ts'
import { fileAttachments } from '../../prompt/filePart.ts'
import { pastedFile, pastedText, textOfPaste } from '../../prompt/pastedPart.ts'
import { composePrompt } from '../../prompt/prompt.ts'
import { describePrompt } from '../../prompt/inspect.ts'
import { refreshAttachments } from '../../prompt/refresh.ts'
import { modelRef } from '../../protocol/chat.ts'
import type { ChatSession } from '../chat/chatSession.ts'
import { nothing } from '../chat/handlerParts.ts'
import type { HandlerContext, Picked } from '../chat/handlerParts.ts'
import { promptTarget } from './promptTarget.ts'
import type { Services } from '../services.ts'
import { ownSlashCommand, runOf, slashCommands } from './slashCommands.ts'
import { createQueueHandlers } from './queueHandlers.ts'
import { MentionSearch } from './mentionSearch.ts'

/** What the composer of a chat may ask for, besides sending. */
export function createComposerHandlers(
  context: HandlerContext,
): ReturnType<typeof suggestHandlers> &
  ReturnType<typeof attachmentHandlers> &
  ReturnType<typeof createQueueHandlers> {
  return { ...suggestHandlers(context), ...attachmentHandlers(context), ...createQueueHandlers(context) }
}

function suggestHandlers({
  chat,
  services,
  run,
}: HandlerContext): Picked<'mention/search' | 'mention/pick' | 'slash/list' | 'slash/run'> {
  const mentions = new MentionSearch(chat, services.composer.mentions)
  return {
    'mention/search': ({ query, withIgnored }) => mentions.search(query, withIgnored),
    'mention/pick': nothing(async ({ id }) => {
      const key = chat.draftKey
      services.drafts.add(key, await mentions.pick(id))
    }),
    'slash/list': () => (chat.directory === undefined ? [] : slashCommands(chat.backend, chat.directory)),
    'slash/run': nothing(({ name }) => run(ownSlashCommand(name))),
  }
}

function attachmentHandlers({
  chat,
  services,
}: HandlerContext): Picked<
  | 'draft/resendItem'
  | 'draft/inspect'
  | 'attachment/file'
  | 'attachment/text'
  | 'attachment/uris'
  | 'attachment/expand'
> {
  const { drafts } = services
  const add = (attachments: readonly Attachment[]): void => drafts.add(chat.draftKey, attachments)
  return {
    'draft/resendItem': nothing(({ id }) =>
      drafts.update(chat.draftKey, id, (attachment) => ({ ...attachment, isForced: true })),
    ),
    'draft/inspect': nothing((draft) => showPrompt(services, chat, draft)),
    'attachment/file': nothing((file) => add([pastedFile(file)])),
    'attachment/text': nothing(({ text }) => add([pastedText(text)])),
    'attachment/uris': nothing(async ({ uris }) => {
      const target = promptTarget(chat.backend, chat.needDirectory())
      const { attachments, failure } = await fileAttachments(uris.map(localUri), target)
      add(attachments)
      if (failure !== undefined) throw failure
    }),
    'attachment/expand': ({ id }) => {
      const [attachment] = drafts.attachments(chat.draftKey, [id])
      drafts.remove(chat.draftKey, id)
      return { text: attachment ? textOfPaste(attachment) : '' }
    },
  }
}

/** The window may name files by the machine that it is connected to; here they are plain files. */
function localUri(text: string): vscode.Uri {
  const uri = vscode.Uri.parse(text, true)
  return uri.scheme === 'vscode-remote' ? vscode.Uri.file(uri.path) : uri
}

/** Opens the prompt as it would go out now, as a read-only document. */
export async function showPrompt(
  services: Services,
  chat: ChatSession,
  { text, items }: { readonly text: string; readonly items: readonly string[] },
): Promise<void> {
  const target = promptTarget(chat.backend, chat.needDirectory())
  const fresh = await refreshAttachments(services.drafts.attachments(chat.draftKey, items), target)
  const parts = services.composer.sent.withoutKnown(chat.state.session, fresh)
  const { choice } = chat.state
  const run = await runOf(text, chat.backend, chat.needDirectory())
  const prompt = composePrompt(text, parts, {
    ...(run === undefined ? {} : { run }),
    agent: choice.agent?.name,
    model: modelRef(choice),
  })
  await services.documents.openText('What will be sent.md', await describePrompt(prompt))
}
