import { composePrompt } from '../../prompt/prompt.ts'
import { describePrompt } from '../../prompt/inspect.ts'
import { refreshAttachments } from '../../prompt/refresh.ts'
import { modelRef } from '../../protocol/chat.ts'
import type { Handlers, HostMethods } from '../../protocol/methods.ts'
import type { ChatSession } from '../chatSession.ts'
import type { HandlerContext } from '../handlerParts.ts'
import { promptTarget } from '../promptTarget.ts'
import type { Services } from '../services.ts'
import { MentionSearch } from './mentionSearch.ts'

type ComposerMethods = 'draft/resendItem' | 'draft/inspect' | 'mention/search' | 'mention/pick'

/** What the composer of a chat may ask for, besides sending. */
export function createComposerHandlers(
  context: HandlerContext,
): Pick<Handlers<HostMethods>, ComposerMethods> {
  const { chat, services } = context
  const { drafts, composer } = services
  const mentions = new MentionSearch(chat, composer.mentions)
  return {
    'draft/resendItem': ({ id }) => {
      drafts.update(chat.draftKey, id, (attachment) => ({ ...attachment, isForced: true }))
      return undefined
    },
    'draft/inspect': async ({ text, items }) => {
      await showPrompt(services, chat, { text, items })
      return undefined
    },
    'mention/search': ({ query, withIgnored }) => mentions.search(query, withIgnored),
    'mention/pick': async ({ id }) => {
      const key = chat.draftKey
      drafts.add(key, await mentions.pick(id))
      return undefined
    },
  }
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
  const prompt = composePrompt(text, parts, { agent: choice.agent?.name, model: modelRef(choice) })
  await services.documents.openText('What will be sent.md', await describePrompt(prompt))
}
