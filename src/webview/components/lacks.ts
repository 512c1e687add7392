import { lackOf } from '../../opencode/abilities.ts'
import type { Ability } from '../../opencode/abilities.ts'
import type { ChatState } from '../../protocol/chat.ts'
import { useApp } from '../app.ts'

/** Why the chat's server cannot do something, for the tooltip of what is greyed; undefined when it can. */
export function useLack(ability: Ability): string | undefined {
  return lackIn(useApp().store.chat.value, ability)
}

/** Whether the chat's server is known to be able to do something; for what is not offered otherwise. */
export function useAbility(ability: Ability): boolean {
  return useApp().store.chat.value?.capabilities?.[ability] === true
}

export function lackIn(chat: ChatState | undefined, ability: Ability): string | undefined {
  if (!chat) return undefined
  const { capabilities, server } = chat
  return lackOf({ capabilities, version: server.kind === 'running' ? server.version : undefined }, ability)
}
