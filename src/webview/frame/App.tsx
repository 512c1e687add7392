import { useEffect, useState } from 'preact/hooks'
import type { ChatState } from '../../protocol/chat.ts'
import type { UserMessage as Message } from '../../session/model.ts'
import { AppProvider } from '../app.ts'
import type { AppContext } from '../app.ts'
import { Composer } from '../composer/Composer.tsx'
import { Docks } from '../docks/Docks.tsx'
import { Header } from './Header.tsx'
import { IsolationBar } from '../docks/IsolationBar.tsx'
import { Breadcrumb, ReadOnlyBar } from '../docks/ReadOnlyBar.tsx'
import { Screen, ServerBanner } from './Screens.tsx'
import { Transcript } from '../transcript/Transcript.tsx'
import { UserMessage } from '../transcript/UserMessage.tsx'
import { moveFocus } from '../transcript/transcriptInput.ts'

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
  const session = chat.session
  const isChild = session?.session.parentID !== undefined
  return (
    <main class={isChild ? 'chat read-only' : 'chat'} onKeyDown={(event) => onChatKey(event, app)}>
      <Header session={chat.session?.session} isAwaited={chat.awaited !== undefined} />
      <Breadcrumb family={chat.family} />
      <IsolationBar isolated={chat.folder?.isolated} />
      <ServerBanner chat={chat} />
      <Body chat={chat} />
      <Docks chat={chat} />
      {isChild ? <ReadOnlyBar state={session} /> : <Composer chat={chat} />}
    </main>
  )
}

function Body({ chat }: { readonly chat: ChatState }) {
  const { session, unsent = [] } = chat
  if (session && chat.obstacle === 'none' && session.messages.length > 0)
    return <Transcript key={session.session.id} state={session} />
  if (unsent.length > 0) return <Unsent messages={unsent} />
  if (chat.isLoading || isComing(chat)) return <Skeleton />
  return (
    <div class="scroller">
      <Screen chat={chat} />
    </div>
  )
}

/** A session that will be there as soon as its server is; anything else has a screen of its own. */
function isComing({ awaited, server, obstacle }: ChatState): boolean {
  return (
    awaited !== undefined && obstacle === 'none' && (server.kind === 'starting' || server.kind === 'running')
  )
}

/** The first words of a session that is still being made. */
function Unsent({ messages }: { readonly messages: readonly Message[] }) {
  return (
    <div class="transcript">
      <div class="scroller">
        <div class="turns" role="log" aria-label="Conversation" aria-live="off" tabIndex={-1}>
          {messages.map((message) => (
            <article key={message.id} aria-label="You" tabIndex={-1}>
              <UserMessage message={message} />
            </article>
          ))}
        </div>
      </div>
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

/** Keys that work wherever the focus is. Esc leads back to the composer; F6 goes on to VS Code's next part. */
function onChatKey(event: KeyboardEvent, { composer }: AppContext): void {
  const target = event.target
  if (!(target instanceof HTMLElement) || target.matches('.composer-text') || event.defaultPrevented) return
  if (event.key === 'Escape') {
    event.preventDefault()
    composer.focus()
  } else if ((event.ctrlKey || event.metaKey) && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    event.preventDefault()
    moveFocus(target, event.key === 'ArrowUp' ? -1 : 1)
  }
}
