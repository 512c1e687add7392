import type { Connection } from '../../client/connection.ts'
import type { SessionID } from '../../opencode/ids.ts'
import { compareMessages } from '../../session/messages.ts'
import type { Message } from '../../session/model.ts'

const pageSize = 500

/** All messages of a session, oldest first, beside the part of it that the chats hold. */
export class WholeSession {
  readonly #sessionID: SessionID
  #messages: readonly Message[] = []

  constructor(sessionID: SessionID) {
    this.#sessionID = sessionID
  }

  /** Fetches the whole session page by page. */
  async load(connection: Connection): Promise<void> {
    let messages: readonly Message[] = []
    let older: string | undefined
    do {
      const page = await connection.readMessages(this.#sessionID, pageSize, older)
      messages = [...page.messages, ...messages]
      older = page.older
    } while (older !== undefined)
    this.#messages = messages
  }

  /** The messages, with what the chats know newer in the place of what was fetched. */
  with(newest: readonly Message[]): readonly Message[] {
    const fresh = new Set(newest.map(({ id }) => id))
    return [...this.#messages.filter(({ id }) => !fresh.has(id)), ...newest].toSorted(compareMessages)
  }
}
