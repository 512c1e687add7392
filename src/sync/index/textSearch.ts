import type { Connection } from '../../client/connection.ts'
import type { Message, Session } from '../../session/model.ts'

/** How far a search in the text of sessions goes; a server reads all of it from disk. */
export const textSearchLimits = { sessions: 300, messages: 1_000, page: 200, parallel: 3 } as const

export interface TextSearch {
  readonly connection: Pick<Connection, 'readMessages'>
  /** The newest first; those beyond the limit are not read. */
  readonly sessions: readonly Session[]
  readonly text: string
  readonly signal: AbortSignal
  /** Called for each session with the words around its newest hit. */
  readonly onHit: (session: Session, snippet: string) => void
  /** Called after each session that was read. */
  readonly onRead: () => void
}

/** Looks for a text in prompts and answers, ignoring case. Sessions that cannot be read are skipped. */
export async function searchText(search: TextSearch): Promise<void> {
  const waiting = search.sessions.slice(0, textSearchLimits.sessions).values()
  const work = async (): Promise<void> => {
    for (const session of waiting) {
      const snippet = await findIn(search, session).catch(() => undefined)
      if (search.signal.aborted) return
      if (snippet !== undefined) search.onHit(session, snippet)
      search.onRead()
    }
  }
  await Promise.all(Array.from({ length: textSearchLimits.parallel }, work))
}

async function findIn(
  { connection, text, signal }: TextSearch,
  session: Session,
): Promise<string | undefined> {
  let older: string | undefined
  for (let read = 0; read < textSearchLimits.messages; read += textSearchLimits.page) {
    const page = await connection.readMessages(session.id, textSearchLimits.page, older)
    const snippet = page.messages
      .toReversed()
      .map((message) => snippetOf(message, text))
      .find(isFound)
    if (snippet !== undefined || page.older === undefined || signal.aborted) return snippet
    older = page.older
  }
  return undefined
}

function isFound(snippet: string | undefined): boolean {
  return snippet !== undefined
}

const before = 24
const after = 60

/** The words around the first hit in what was typed or answered. */
export function snippetOf(message: Message, text: string): string | undefined {
  const wanted = text.toLowerCase()
  for (const block of message.blocks) {
    if (block.type !== 'text' || block.synthetic === true) continue
    const place = block.text.toLowerCase().indexOf(wanted)
    if (place < 0) continue
    const start = Math.max(0, place - before)
    const end = Math.min(block.text.length, place + wanted.length + after)
    const words = block.text.slice(start, end).replaceAll(/\s+/g, ' ').trim()
    return `${start > 0 ? '…' : ''}${words}${end < block.text.length ? '…' : ''}`
  }
  return undefined
}
