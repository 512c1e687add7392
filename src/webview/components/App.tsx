import { useEffect, useState } from 'preact/hooks'
import type { ChatState } from '../../protocol/chat.ts'
import { AppProvider } from '../app.ts'
import type { AppContext } from '../app.ts'
import { Composer } from './Composer.tsx'
import { Docks } from './Docks.tsx'
import { Header } from './Header.tsx'
import { Screen, ServerBanner } from './Screens.tsx'
import { Transcript } from './Transcript.tsx'
import { moveFocus } from '../transcriptInput.ts'

const skeletonDelayMs = 300

export function App({ app }: { readonly app: AppContext }) {
  const chat = app.store.chat.value
  return (
    <AppProvider value={app}>
      {chat ? <Chat chat={chat} app={app} /> : <Skeleton />}
      <div class="visually-hidden" aria-live="polite" role="status">
        {app.store.announcement.value}
      </div>
    </AppProvider>
  )
}

function Chat({ chat, app }: { readonly chat: ChatState; readonly app: AppContext }) {
  return (
    <main class="chat" onKeyDown={(event) => onChatKey(event, app)}>
      <Header session={chat.session?.session} />
      <ServerBanner chat={chat} />
      <Body chat={chat} />
      <Docks chat={chat} />
      <Composer chat={chat} />
    </main>
  )
}

function Body({ chat }: { readonly chat: ChatState }) {
  if (chat.session && chat.obstacle === 'none') {
    const { session } = chat
    if (chat.isLoading && session.messages.length === 0) return <Skeleton />
    if (session.messages.length > 0) return <Transcript key={session.session.id} state={session} />
  }
  if (chat.isLoading) return <Skeleton />
  return (
    <div class="scroller">
      <Screen chat={chat} />
    </div>
  )
}

/** Grey lines, but only when loading takes long enough to be noticed. */
function Skeleton() {
  const [isShown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), skeletonDelayMs)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div class="skeleton" role="status" aria-label="Loading" aria-busy="true">
      {isShown
        ? [0, 1, 2, 3, 4, 5].map((line) => <div key={line} class={`skeleton-line line-${line}`} />)
        : undefined}
    </div>
  )
}

/** Keys that work wherever the focus is: Esc leads back to the composer, F6 goes round. */
function onChatKey(event: KeyboardEvent, { composer }: AppContext): void {
  const target = event.target
  if (!(target instanceof HTMLElement) || target.matches('.composer-text') || event.defaultPrevented) return
  if (event.key === 'Escape' || event.key === 'F6') {
    event.preventDefault()
    composer.focus()
  } else if ((event.ctrlKey || event.metaKey) && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    event.preventDefault()
    moveFocus(target, event.key === 'ArrowUp' ? -1 : 1)
  }
}
