import type { MessageID } from '../../opencode/ids.ts'
import type { MentionAnswer, SlashCommand } from '../../protocol/composer.ts'
import type { HostMethods, WebviewMethods } from '../../protocol/methods.ts'
import type { RpcChannel } from '../../protocol/rpc.ts'
import type { PromptDelivery } from '../../session/model.ts'
import type { ChatStore } from '../store.ts'

/** Calls the host; resolves to whether it did it. */
export type Call = <K extends keyof HostMethods & string>(
  method: K,
  params: HostMethods[K]['params'],
) => Promise<boolean>

interface Parts {
  readonly channel: RpcChannel<WebviewMethods, HostMethods>
  readonly call: Call
  readonly store: ChatStore
  readonly type: (text: string) => void
}

const noMentions: MentionAnswer = { mentions: [], hasIgnored: false }

/** What the composer can ask for, besides sending. */
export function createComposerActions({ channel, call, store, type }: Parts) {
  return {
    resendItem: (id: string) => call('draft/resendItem', { id }),
    inspect: () => call('draft/inspect', { text: store.text.value, items: itemIDs(store) }),
    pickMention: (id: string) => call('mention/pick', { id }),
    searchMentions: (query: string, withIgnored: boolean): Promise<MentionAnswer> =>
      channel.call('mention/search', { query, withIgnored }).catch(() => noMentions),
    updateQueued: (id: string, text: string) => call('queue/update', { id, text }),
    moveQueued: (id: string, index: number) => call('queue/move', { id, index }),
    removeQueued: (id: string) => call('queue/remove', { id }),
    sendQueuedNow: (id: string) => call('queue/sendNow', { id }),
    resumeQueue: () => call('queue/resume', {}),
    cancelWaiting: (messageID: MessageID) => call('inbox/cancel', { messageID }),
    deliverWaiting: (messageID: MessageID, delivery: PromptDelivery) =>
      call('inbox/deliver', { messageID, delivery }),
    editWaiting: (messageID: MessageID) => call('inbox/edit', { messageID }),
    resumeInbox: () => call('inbox/resume', {}),
    addFile: (file: HostMethods['attachment/file']['params']) => call('attachment/file', file),
    addText: (text: string) => call('attachment/text', { text }),
    addUris: (uris: readonly string[]) => call('attachment/uris', { uris }),
    async expand(id: string): Promise<void> {
      const { text } = await channel.call('attachment/expand', { id })
      type(store.text.value + text)
    },
    slashCommands: (): Promise<readonly SlashCommand[]> => channel.call('slash/list', {}).catch(() => []),
    runSlash: (name: string) => call('slash/run', { name }),
  }
}

/** The chips that would go along now. */
export function itemIDs({ chat }: ChatStore): readonly string[] {
  return chat.value?.draft.items.map(({ id }) => id) ?? []
}
