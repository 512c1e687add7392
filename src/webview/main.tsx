import './styles/base.css'
import './styles/chat.css'
import './styles/transcript.css'
import './styles/markdown.css'
import './styles/tools.css'
import './styles/diffs.css'
import './styles/ansi.css'
import './styles/docks.css'
import './styles/composer.css'
import './styles/screens.css'
import './styles/search.css'
import './styles/subagents.css'
import { render } from 'preact'
import type { ChatAction } from '../protocol/chat.ts'
import type { HostMethods, WebviewMethods } from '../protocol/methods.ts'
import { RpcChannel } from '../protocol/rpc.ts'
import { createActions } from './actions.ts'
import { announceChanges } from './announce.ts'
import { idleTranscript } from './app.ts'
import type { AppContext } from './app.ts'
import { App } from './frame/App.tsx'
import { acquireHost } from './host.ts'
import { setPathChecker } from './markdown/pathLinks.ts'
import { listenForPageKeys } from './pageKeys.ts'
import { ChatStore } from './store.ts'

start()

function start(): void {
  const root = document.getElementById('root')
  if (!root) return
  const host = acquireHost()
  const store = new ChatStore(host)
  const open = async (): Promise<void> => {
    const snapshot = await channel.call('chat/open', {})
    store.open(snapshot)
    const text = store.text.value
    // The last words before a reload stand in the spare copy alone. The host forgets what it never heard.
    if (text !== '' && text !== snapshot.state.draft.text) actions.tellDraft()
  }
  const mirror = createMirror(store, open)
  const channel = new RpcChannel<WebviewMethods, HostMethods>(
    host.transport,
    {
      'chat/changed': ({ revision, actions }) => mirror.receive(revision, actions),
      'composer/focus': () => focusWhenDrawn(store, () => app.composer.focus()),
      'transcript/find': () => focusWhenDrawn(store, () => store.toggleSearch(true)),
      'transcript/step': ({ direction }) => focusWhenDrawn(store, () => app.transcript.step(direction)),
      'request/reveal': () => focusWhenDrawn(store, () => revealRequest(store)),
    },
    { onError: (method, error) => actions.reportError(`${method}: ${String(error)}`) },
  )
  const actions = createActions(channel, store)
  const app: AppContext = {
    store,
    actions,
    transcript: { ...idleTranscript },
    composer: { focus: () => undefined },
  }
  setPathChecker(actions.checkPaths)
  reportErrors(actions.reportError)
  flushDrafts(actions.flushDraft)
  followFocus(actions.tellFocus)
  announceChanges(store)
  listenForPageKeys(app)
  render(<App app={app} />, root)
  void mirror.open()
}

/** Opens the chat, then follows its numbered changes; a missing number opens it again. */
function createMirror(store: ChatStore, fetch: () => Promise<void>) {
  let isOpening = false
  let early: { readonly revision: number; readonly actions: readonly ChatAction[] }[] = []
  const open = async (): Promise<void> => {
    if (isOpening) return
    isOpening = true
    try {
      await fetch()
    } finally {
      isOpening = false
    }
    const waiting = early
    early = []
    for (const { revision, actions } of waiting) receive(revision, actions)
  }
  const receive = (revision: number, actions: readonly ChatAction[]): undefined => {
    if (isOpening) early.push({ revision, actions })
    else if (!store.apply(revision, actions)) void open()
    return undefined
  }
  return { open, receive }
}

/** The host may ask for it before the page has anything to draw. */
function focusWhenDrawn(store: ChatStore, focus: () => void): undefined {
  const drawn = store.chat.subscribe((chat) => {
    if (!chat) return
    requestAnimationFrame(focus)
    queueMicrotask(() => drawn())
  })
  return undefined
}

/** Shows what waits; takes the focus only when nothing is being typed. */
function revealRequest(store: ChatStore): void {
  const dock = document.querySelector<HTMLElement>('.dock')
  dock?.scrollIntoView({ block: 'nearest' })
  const isTyping = document.activeElement?.matches('textarea, input') === true && store.text.value !== ''
  if (!isTyping) dock?.querySelector<HTMLElement>('.button.primary, input')?.focus()
}

function flushDrafts(flush: () => void): void {
  window.addEventListener('blur', flush)
  window.addEventListener('pagehide', flush)
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && flush())
}

/** Keys of VS Code that belong to the chat go by where the keyboard is. */
function followFocus(tell: (isFocused: boolean) => void): void {
  window.addEventListener('focus', () => tell(true))
  window.addEventListener('blur', () => tell(false))
  if (document.hasFocus()) tell(true)
}

function reportErrors(report: (message: string) => void): void {
  window.addEventListener('error', (event) => {
    // Chromium reports a layout that needs another frame as an error; it is none.
    if (!event.message.startsWith('ResizeObserver'))
      report(`${event.message} at ${event.filename}:${event.lineno}`)
  })
  window.addEventListener('unhandledrejection', (event) => {
    const reason: unknown = event.reason
    report(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason))
  })
  document.addEventListener('securitypolicyviolation', (event) => {
    report(`The page's policy stopped ${event.blockedURI.slice(0, 100)} (${event.violatedDirective})`)
  })
}
