import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ChatState } from '../../protocol/chat.ts'
import type { ContextItem } from '../../protocol/composer.ts'
import { promptMode } from '../../protocol/composer.ts'
import { isBusy } from '../../session/selectors.ts'
import { useApp } from '../app.ts'
import type { AppContext } from '../app.ts'
import { useRecall } from './recall.ts'
import type { Recall, TextKey } from './recall.ts'
import { takePaste } from './transfer.ts'
import { useDrop } from './useDrop.ts'
import { useSuggest } from './useSuggest.ts'
import type { Suggest } from './useSuggest.ts'
import { memo } from '../components/memo.tsx'
import { focusTranscript } from '../transcript/transcriptInput.ts'
import { Chips, unreadable } from './Chips.tsx'
import { ComposerFooter } from './ComposerFooter.tsx'
import { SuggestList, suggestListID, suggestRowID } from './Suggest.tsx'

const secondEscapeMs = 1_500
const words = {
  ask: 'Ask OpenCode… @ for context, / for commands',
  during: 'Enter queues, Ctrl+Enter steers',
}

/** Put there by the user: what the editor adds by itself is nothing to send alone. */
const isGiven = ({ isLive }: ContextItem): boolean => isLive !== true

/** One frame: context chips, the text, and a quiet row of choices. */
export const Composer = memo(function Composer({ chat }: { readonly chat: ChatState }) {
  const app = useApp()
  const { store, composer } = app
  const input = useRef<HTMLTextAreaElement>(null)
  const recall = useRecall(app, input)
  const suggest = useSuggest(app, input)
  useLayoutEffect(() => {
    composer.focus = () => input.current?.focus()
  }, [])
  const busy = chat.session !== undefined && isBusy(chat.session)
  const text = store.text.value
  const obstacle = obstacleOf(chat)
  const canSend = obstacle === undefined && (text.trim() !== '' || chat.draft.items.some(isGiven))
  /** While a run goes on a prompt waits for its end, unless it is to join at the next step. */
  const send = (isNow = false): void => {
    if (!canSend) return
    recall.reset()
    app.transcript.toEnd()
    void app.actions.send(!isNow && isGoingOn(chat) ? 'queue/add' : 'prompt/send')
  }
  const { isStopAsked, stop, escape } = useStop(app, busy)
  const isShell = promptMode(text) === 'shell'
  const drop = useDrop(app)
  return (
    <div class="composer">
      <div
        class={isShell ? 'composer-frame shell' : 'composer-frame'}
        {...drop}
        onClick={(event) => event.target === event.currentTarget && input.current?.focus()}
      >
        <SuggestList suggest={suggest} />
        <Chips items={chat.draft.items} text={text} model={chat.choice.model} />
        <textarea
          ref={input}
          class="composer-text"
          aria-label="Message OpenCode"
          placeholder={isGoingOn(chat) ? words.during : words.ask}
          aria-autocomplete="list"
          aria-haspopup="listbox"
          {...suggestAttributes(suggest)}
          dir="auto"
          rows={1}
          spellcheck={false}
          value={text}
          onInput={(event) => {
            app.actions.type(event.currentTarget.value)
            suggest.update()
          }}
          onSelect={suggest.update}
          onPaste={(event) => takePaste(app, event.clipboardData) && event.preventDefault()}
          onBlur={suggest.close}
          onKeyDown={(event) => onKey(event, { send, escape, recall, suggest })}
        />
        <ComposerFooter chat={chat} busy={busy} canSend={canSend} onSend={() => send()} onStop={stop} />
      </div>
      <div class="composer-hint" role="status">
        {isStopAsked ? 'Press Esc again to stop' : (obstacle ?? hintOf(chat, text) ?? '')}
      </div>
    </div>
  )
})

/** What is good to know before sending; nothing that would keep one from it. */
function hintOf({ draft, choice }: ChatState, text: string): string | undefined {
  if (promptMode(text) === 'shell')
    return 'Runs in the shell of the server, without asking. Esc goes back to chatting.'
  const unread = draft.items
    .map((item) => unreadable(item, choice.model))
    .find((reason) => reason !== undefined)
  return unread && `${unread}. Pick another model, or remove it.`
}

/** Esc twice stops the run; the first one says so. */
function useStop({ actions, store }: AppContext, busy: boolean) {
  const [isStopAsked, setStopAsked] = useState(false)
  const stop = (): void => {
    setStopAsked(false)
    void actions.abort()
  }
  const escape = (): void => {
    const text = store.text.value
    if (promptMode(text) === 'shell') return actions.type(text.slice(1))
    if (!busy) return
    if (isStopAsked) return stop()
    setStopAsked(true)
    setTimeout(() => setStopAsked(false), secondEscapeMs)
  }
  return { isStopAsked, stop, escape }
}

/** A run whose server went down does not go on, whatever was last heard of it. */
function isGoingOn({ session, server }: ChatState): boolean {
  return session !== undefined && isBusy(session) && server.kind === 'running'
}

/** Why nothing can be sent now; undefined when it can. A stopped server is started by sending. */
function obstacleOf(chat: ChatState): string | undefined {
  if (chat.obstacle === 'no-folder') return 'Open a folder to start.'
  if (chat.obstacle === 'untrusted') return 'Trust this folder to start.'
  if (chat.choice.hasNoModels) return 'No model can be used yet.'
  return undefined
}

interface Keys {
  readonly send: (isNow?: boolean) => void
  readonly escape: () => void
  readonly recall: Recall
  readonly suggest: Suggest
}

function suggestAttributes({ state }: Suggest) {
  if (!state || state.rows.length === 0) return {}
  return { 'aria-controls': suggestListID, 'aria-activedescendant': suggestRowID(state.active) }
}

/** Enter while an input method composes belongs to it; key code 229 is how some of them say so. */
function onKey(event: TextKey, keys: Keys): void {
  if (isComposed(event)) return
  const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey
  if (isPlain && keys.suggest.onKey(event)) return keep(event)
  if (leadsUp(event)) {
    if (focusRequest() || focusTranscript()) keep(event)
  } else if (isPlain && !event.shiftKey) onPlainKey(event, keys)
  else if (isSendNow(event)) {
    keep(event)
    keys.send(true)
  }
}

function isComposed(event: TextKey): boolean {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- Safari and some input methods say it in no other way.
  return event.isComposing || event.keyCode === 229
}

function isSendNow({ key, ctrlKey, metaKey }: TextKey): boolean {
  return key === 'Enter' && (ctrlKey || metaKey)
}

/** VS Code hears of every key that gets past the page, and would act on some of them as well. */
function keep(event: TextKey): void {
  event.preventDefault()
  event.stopPropagation()
}

function leadsUp(event: TextKey): boolean {
  if (event.key === 'F6') return !event.shiftKey && !event.ctrlKey && !event.metaKey
  return event.key === 'ArrowUp' && (event.ctrlKey || event.metaKey)
}

function onPlainKey(event: TextKey, { send, escape, recall }: Keys): void {
  switch (event.key) {
    case 'Enter':
      event.preventDefault()
      return send()
    case 'Escape':
      return escape()
    case 'ArrowUp':
      return recall.older(event)
    case 'ArrowDown':
      return recall.newer(event)
  }
}

/** A waiting request comes first on the way up. */
function focusRequest(): boolean {
  const button = document.querySelector<HTMLElement>('.dock .button.primary, .dock input')
  button?.focus()
  return button !== null
}
