import { newMessageID } from '../../../src/opencode/newIds.ts'
import type { Data, WireClient } from './wireClient.ts'

/** One thing to compare; `id` is that of the assumption it tries, where there is one. */
export interface Check {
  readonly id: string
  /** Other assumptions that it tries along with its own. */
  readonly covers?: readonly string[]
  /** Fails with what differs. */
  readonly run: (client: WireClient) => Promise<void>
  /** Only where a model may be asked. */
  readonly needsModel?: boolean
}

export function idOf(value: Data): string {
  return String(value['id'])
}

export async function withSession(
  client: WireClient,
  use: (session: Data) => Promise<void>,
  more: Data = {},
): Promise<void> {
  const { directory } = client.target
  const location = directory === undefined ? {} : { location: { directory } }
  const session = await client.data('POST', '/api/session', { ...location, ...more })
  try {
    await use(session)
  } finally {
    await client.ask('DELETE', `/api/session/${idOf(session)}`)
  }
}

/** A prompt that is stored and not run. */
export function parked(text = 'Not to be run'): Data & { readonly id: string } {
  return {
    id: newMessageID(Date.now()),
    text,
    delivery: 'queue',
    resume: false,
    metadata: { test: { kept: true } },
  }
}
