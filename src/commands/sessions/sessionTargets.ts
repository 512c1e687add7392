import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { Session } from '../../session/model.ts'
import type { Backend } from '../../views/backend/backends.ts'
import { isSessionNode } from '../../views/sessions/sessionTree.ts'
import type { CommandContext } from '../commandSpec.ts'

/** A session that a command is about. */
export interface SessionTarget {
  readonly id: SessionID
  readonly title: string
  readonly session: Session
  readonly backend: Backend
}

/**
 * The sessions that a command is about: those of the node it was called on, together with the others that are
 * selected; for a key of the view its selection; else the session of the chat.
 *
 * @throws OpencodeError `not-found`
 */
export function sessionTargets(context: CommandContext, args: readonly unknown[]): readonly SessionTarget[] {
  const [first, selected] = args
  if (first === 'selection')
    return fromRows(
      context,
      context.browser.tree.selection.map(({ session }) => session),
    )
  if (isSessionNode(first)) {
    const nodes = Array.isArray(selected) ? selected.filter(isSessionNode) : []
    const chosen = nodes.length > 0 ? nodes : [first]
    return fromRows(
      context,
      chosen.map(({ row }) => row.session),
    )
  }
  return [chatTarget(context)]
}

/** As `sessionTargets`, for a command that is about one session. */
export function sessionTarget(context: CommandContext, args: readonly unknown[]): SessionTarget {
  const [target] = sessionTargets(context, args)
  return target ?? chatTarget(context)
}

function fromRows({ browser }: CommandContext, sessions: readonly Session[]): readonly SessionTarget[] {
  return sessions.map((session) => ({
    id: session.id,
    title: session.title,
    session,
    backend: browser.shelf.backendOf(session),
  }))
}

function chatTarget({ chats }: CommandContext): SessionTarget {
  const chat = chats.active
  const session = chat?.state.session?.session
  if (chat && session) return { id: session.id, title: session.title, session, backend: chat.backend }
  throw new OpencodeError(
    'not-found',
    vscode.l10n.t('No session is open. Pick one with "OpenCode: Sessions".'),
  )
}
