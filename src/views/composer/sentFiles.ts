import { isRecord } from '../../platform/storage.ts'
import type { StoredValue } from '../../platform/storage.ts'
import { hiddenText } from '../../prompt/attachment.ts'
import type { Attachment, SentContent } from '../../prompt/attachment.ts'
import { visibleMessages } from '../../session/selectors.ts'
import type { SessionState } from '../../session/state.ts'

const keptSessions = 50
const keptContents = 200

interface Sent {
  readonly key: string
  readonly digest: string
  readonly messageID: string
}

/**
 * Which texts of which files each session has been sent, so that an unchanged file is not sent again. Only what
 * still stands in front of the model counts: not what was undone, or was before the last summary.
 */
export class SentFiles {
  readonly #stored: StoredValue
  #sessions: Readonly<Record<string, readonly Sent[]>>

  constructor(stored: StoredValue) {
    this.#stored = stored
    this.#sessions = readSessions(stored.get())
  }

  /** Whether the model sees this very text already. */
  has(state: SessionState | undefined, content: SentContent | undefined): boolean {
    if (!state || !content) return false
    const last = this.#sessions[state.session.id]?.findLast(({ key }) => key === content.key)
    return last?.digest === content.digest && inContext(state).has(last.messageID)
  }

  /** Replaces what the session has already by a word about it; what was forced stays whole. */
  withoutKnown(state: SessionState | undefined, attachments: readonly Attachment[]): readonly Attachment[] {
    return attachments.map((attachment) => {
      if (attachment.isForced === true || !this.has(state, attachment.content)) return attachment
      const text = `${attachment.item.detail} is unchanged since it was attached earlier in this conversation.`
      return { ...attachment, parts: [hiddenText(text)] }
    })
  }

  async record(sessionID: string, messageID: string, attachments: readonly Attachment[]): Promise<void> {
    const sent = attachments.flatMap(({ content }) => (content ? [{ ...content, messageID }] : []))
    if (sent.length === 0) return
    const keys = new Set(sent.map(({ key }) => key))
    const { [sessionID]: before = [], ...others } = this.#sessions
    const list = [...before.filter(({ key }) => !keys.has(key)), ...sent].slice(-keptContents)
    const entries = [...Object.entries(others), [sessionID, list] as const].slice(-keptSessions)
    this.#sessions = Object.fromEntries(entries)
    await this.#stored.set(this.#sessions)
  }
}

/** The messages that the model still sees. */
function inContext(state: SessionState): ReadonlySet<string> {
  const messages = visibleMessages(state)
  const summary = messages.findLastIndex(
    (message) => message.role === 'assistant' && message.isSummary === true,
  )
  return new Set(messages.slice(summary + 1).map(({ id }) => id))
}

function readSessions(value: unknown): Readonly<Record<string, readonly Sent[]>> {
  if (!isRecord(value)) return {}
  return Object.fromEntries(
    Object.entries(value).map(([id, list]) => [id, Array.isArray(list) ? list.filter(isSent) : []]),
  )
}

function isSent(value: unknown): value is Sent {
  if (!isRecord(value)) return false
  return ['key', 'digest', 'messageID'].every((name) => typeof value[name] === 'string')
}
