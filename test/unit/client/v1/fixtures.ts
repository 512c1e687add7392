import { readFileSync } from 'node:fs'
import type { ServerEvent } from '../../../../src/client/connection.ts'
import { EventDecoder } from '../../../../src/client/v1/events.ts'
import { readMessage } from '../../../../src/client/v1/messages.ts'
import { RequestLedger } from '../../../../src/client/v1/requestLedger.ts'
import type { SessionAction } from '../../../../src/session/actions.ts'
import type { Block, Message, ToolBlock } from '../../../../src/session/model.ts'

interface Fixture {
  /** Answer of the message route when the turn was over. */
  readonly messages: readonly unknown[]
  /** Events of the whole server during the turn, without the `sync` copies. */
  readonly events: readonly unknown[]
}

/** A turn recorded from a server 1.18.33 with the scripted model; paths were replaced, nothing else. */
export function loadFixture(name: string): Fixture {
  return JSON.parse(
    readFileSync(new URL(`../../../fixtures/v1/${name}.json`, import.meta.url), 'utf8'),
  ) as Fixture
}

export function messagesOf(name: string): readonly Message[] {
  return loadFixture(name).messages.flatMap((message) => readMessage(message) ?? [])
}

export function toolsOf(name: string): readonly ToolBlock[] {
  return blocksOf(name).filter((block) => block.type === 'tool')
}

function blocksOf(name: string): readonly Block[] {
  return messagesOf(name).flatMap((message) => message.blocks)
}

export function decodeAll(events: readonly unknown[]): readonly ServerEvent[] {
  const decoder = new EventDecoder(new RequestLedger())
  return events.flatMap((event) => decoder.decode(event))
}

/** What happened to one session, or to the first one that is named. */
export function actionsOf(events: readonly ServerEvent[], sessionID?: string): readonly SessionAction[] {
  const ofSession = events.filter((event) => event.kind === 'session')
  const wanted = sessionID ?? ofSession[0]?.sessionID
  return ofSession.filter((event) => event.sessionID === wanted).map((event) => event.action)
}
