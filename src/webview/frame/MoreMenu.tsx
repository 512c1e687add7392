import { useEffect, useRef, useState } from 'preact/hooks'
import type { TargetedKeyboardEvent } from 'preact'
import type { ChatState } from '../../protocol/chat.ts'
import type { WebviewCommand } from '../../protocol/methods.ts'
import { useApp } from '../app.ts'
import { lackIn } from '../components/lacks.ts'
import { IconButton } from '../components/Icon.tsx'

interface Entry {
  readonly label: string
  readonly command: WebviewCommand
  readonly needsSession?: boolean
  /** Why it cannot be done now; undefined when it can. */
  readonly obstacle?: (chat: ChatState | undefined) => string | undefined
}

const entries: readonly Entry[] = [
  { label: 'Rename session…', command: 'renameSession', needsSession: true },
  { label: 'Delete session…', command: 'deleteSession', needsSession: true },
  {
    label: 'Fork session',
    command: 'forkSession',
    needsSession: true,
    obstacle: (chat) => lackIn(chat, 'fork'),
  },
  { label: 'Compact session', command: 'compactSession', needsSession: true },
  { label: 'Export session…', command: 'exportSession', needsSession: true },
  {
    label: 'Share session…',
    command: 'shareSession',
    needsSession: true,
    obstacle: (chat) =>
      chat?.isSharingOff
        ? 'Turned off by "share": "disabled" in the OpenCode configuration'
        : lackIn(chat, 'share'),
  },
  { label: 'Open session in terminal', command: 'openInTerminal', needsSession: true },
  { label: 'Open chat in editor', command: 'openChatInEditor' },
  { label: 'Set provider API key…', command: 'setProviderKey' },
  { label: 'Select server…', command: 'selectServer' },
  { label: 'Restart server', command: 'restartServer' },
  { label: 'Settings', command: 'openSettings' },
  { label: 'Show log', command: 'showLog' },
]

/** The less frequent commands, as a menu of VS Code's look. */
export function MoreMenu({ hasSession }: { readonly hasSession: boolean }) {
  const [isOpen, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!isOpen) return undefined
    root.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus()
    const close = (event: Event): void => {
      if (!(event.target instanceof Node) || !root.current?.contains(event.target)) setOpen(false)
    }
    document.addEventListener('pointerdown', close)
    window.addEventListener('blur', close)
    return () => {
      document.removeEventListener('pointerdown', close)
      window.removeEventListener('blur', close)
    }
  }, [isOpen])
  const close = (): void => {
    setOpen(false)
    root.current?.querySelector<HTMLElement>('button')?.focus()
  }
  return (
    <div class="more" ref={root}>
      <IconButton
        icon="ellipsis"
        label="More"
        title="More…"
        expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      />
      {isOpen ? <Menu hasSession={hasSession} onClose={close} /> : undefined}
    </div>
  )
}

function Menu({ hasSession, onClose }: { readonly hasSession: boolean; readonly onClose: () => void }) {
  const { actions, store } = useApp()
  const obstacleOf = ({ obstacle }: Entry): string | undefined => obstacle?.(store.chat.value)
  const shown = entries.filter((entry) => hasSession || !entry.needsSession)
  return (
    <div class="menu" role="menu" aria-label="More" onKeyDown={(event) => onMenuKey(event, onClose)}>
      {shown.map((entry) => (
        <button
          key={entry.command}
          type="button"
          role="menuitem"
          class="menu-item"
          tabIndex={-1}
          title={obstacleOf(entry)}
          aria-disabled={obstacleOf(entry) === undefined ? undefined : 'true'}
          onClick={() => {
            if (obstacleOf(entry) !== undefined) return
            onClose()
            void actions.run(entry.command)
          }}
        >
          {entry.label}
        </button>
      ))}
    </div>
  )
}

function onMenuKey(event: TargetedKeyboardEvent<HTMLElement>, onClose: () => void): void {
  if (event.key === 'Escape' || event.key === 'Tab') {
    event.stopPropagation()
    return onClose()
  }
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="menuitem"]')]
  const index = items.findIndex((item) => item === document.activeElement)
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: (index + 1) % items.length,
    ArrowUp: (index - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  }
  const next = targets[event.key]
  if (next === undefined) return
  event.preventDefault()
  items[next]?.focus()
}
