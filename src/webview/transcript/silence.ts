import type { ChatState } from '../../protocol/chat.ts'
import type { ToolBlock } from '../../session/model.ts'
import { lastMessage } from '../../session/selectors.ts'

/** Shorter waits are nothing to speak of. */
export const silentMs = 10_000
/** From here on the wait is explained, and ways out are offered. */
export const longSilenceMs = 30_000

/** Who keeps a run waiting, as far as it can be told from here. */
export type SilentLayer =
  | { readonly layer: 'connection' }
  | { readonly layer: 'you' }
  | { readonly layer: 'tool'; readonly tool: ToolBlock }
  | { readonly layer: 'provider' }

/** The innermost thing that is known to be at work: what it waits for cannot have come. */
export function silentLayer({ server, session }: ChatState): SilentLayer {
  if (server.kind !== 'running' || server.link.kind === 'reconnecting') return { layer: 'connection' }
  if (session && session.requests.length > 0) return { layer: 'you' }
  const last = session && lastMessage(session)
  const tool = last?.blocks.findLast((block) => block.type === 'tool' && block.status === 'running')
  return tool?.type === 'tool' ? { layer: 'tool', tool } : { layer: 'provider' }
}

/** One line on a silence that lasts; `who` is the model's or the tool's name. */
export function silenceText(layer: SilentLayer['layer'], who: string, time: string): string {
  switch (layer) {
    case 'connection':
      return `No connection to the server for ${time}. The run goes on there; it shows when the connection is back.`
    case 'you':
      return 'Waiting for your answer'
    case 'tool':
      return `${who} has written nothing for ${time}`
    case 'provider':
      return `${who} has sent nothing for ${time}`
  }
}
