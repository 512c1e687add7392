import type { Connection, MessagePage } from '../../client/connection.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import { compareMessages, isAhead } from '../../session/messages.ts'
import type { Message, Session, Todo } from '../../session/model.ts'

export interface FetchedSession {
  readonly session: Session
  readonly messages: readonly Message[]
  readonly older: string | undefined
  readonly todos: readonly Todo[]
}

/** How many messages a session opens with. */
const firstPage = 60
const largePage = 500
/** How much loaded history is fetched again after a gap; what is older stays as it was. */
const maxRefetched = 2_000

/**
 * Reads a session: the newest messages, as far back as `local` goes (within a bound), and as far as the
 * point of an undo, since what is hidden depends on it.
 */
export async function fetchSession(
  connection: Connection,
  sessionID: SessionID,
  local: readonly Message[],
): Promise<FetchedSession> {
  const limit = Math.min(Math.max(firstPage, local.length), largePage)
  const [session, newest, todos] = await Promise.all([
    connection.getSession(sessionID),
    connection.readMessages(sessionID, limit),
    connection.readTodos(sessionID),
  ])
  const oldest = local.find((message) => !isAhead(message))
  let page: MessagePage = newest
  while (page.older !== undefined && page.messages.length < maxRefetched) {
    if (reaches(page, oldest) && contains(page, session.revertedFrom)) break
    const next = await connection.readMessages(sessionID, largePage, page.older)
    if (next.messages.length === 0) break
    page = { messages: [...next.messages, ...page.messages], older: next.older }
  }
  return { session, ...page, todos }
}

function reaches(page: MessagePage, oldest: Message | undefined): boolean {
  const first = page.messages[0]
  return !oldest || !first || compareMessages(first, oldest) <= 0
}

function contains(page: MessagePage, id: MessageID | undefined): boolean {
  return id === undefined || page.messages.some((message) => message.id === id)
}
