import { useRef } from 'preact/hooks'
import type { Session } from '../../session/model.ts'
import { useApp } from '../app.ts'
import { memo } from '../components/memo.tsx'
import { IconButton } from '../components/Icon.tsx'
import { MoreMenu } from './MoreMenu.tsx'

const doubleClickMs = 250

interface HeaderProps {
  readonly session: Session | undefined
  /** A session is meant, but nothing of it is known yet. */
  readonly isAwaited: boolean
}

/** One row: the session's title, and the ways to other sessions. */
export const Header = memo(function Header({ session, isAwaited }: HeaderProps) {
  const { actions } = useApp()
  const clicks = useRef<ReturnType<typeof setTimeout>>(undefined)
  const title = session || !isAwaited ? titleOf(session) : 'Session'
  const rename = (): void => {
    clearTimeout(clicks.current)
    if (session) void actions.run('renameSession')
  }
  const click = (): void => {
    clearTimeout(clicks.current)
    clicks.current = setTimeout(() => void actions.run('showSessions'), doubleClickMs)
  }
  const parent = session?.parentID
  return (
    <header class="header">
      {parent ? (
        <IconButton
          icon="arrow-left"
          label="Back to the parent session"
          onClick={() => void actions.openSession(parent)}
        />
      ) : undefined}
      <h1 class="header-title">
        {session ? (
          <button
            type="button"
            title={`${title}\nClick for sessions, double click or F2 to rename`}
            onClick={click}
            onDblClick={rename}
            onKeyDown={(event) => event.key === 'F2' && rename()}
          >
            <bdi>{title}</bdi>
          </button>
        ) : (
          <span class="header-text">{title}</span>
        )}
      </h1>
      <div class="header-buttons">
        <IconButton icon="add" label="New session" onClick={() => void actions.run('newSession')} />
        <IconButton icon="history" label="Sessions" onClick={() => void actions.run('showSessions')} />
        <MoreMenu hasSession={session !== undefined} />
      </div>
    </header>
  )
})

/** A session that is not yet named must not share the name of the button that makes a new one. */
function titleOf(session: Session | undefined): string {
  if (!session) return 'New session'
  return session.untitled || session.title.trim() === '' ? 'Untitled session' : session.title
}
