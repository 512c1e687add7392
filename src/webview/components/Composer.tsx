import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { TargetedKeyboardEvent } from 'preact'
import type { ChatState, ContextItem } from '../../protocol/chat.ts'
import { isBusy } from '../../session/selectors.ts'
import { useApp } from '../app.ts'
import type { AppContext } from '../app.ts'
import { memo } from '../memo.tsx'
import { focusTranscript } from '../transcriptInput.ts'
import { ComposerFooter } from './ComposerFooter.tsx'
import { Icon } from './Icon.tsx'

const secondEscapeMs = 1_500

/** One frame: context chips, the text, and a quiet row of choices. */
export const Composer = memo(function Composer({ chat }: { readonly chat: ChatState }) {
  const app = useApp()
  const { store, composer } = app
  const input = useRef<HTMLTextAreaElement>(null)
  const [isStopAsked, setStopAsked] = useState(false)
  const recall = useRecall(app, input)
  useLayoutEffect(() => {
    composer.focus = () => input.current?.focus()
  }, [])
  const busy = chat.session !== undefined && isBusy(chat.session)
  const text = store.text.value
  const obstacle = obstacleOf(chat)
  const canSend = obstacle === undefined && (text.trim() !== '' || chat.draft.items.length > 0)
  const send = (): void => {
    if (!canSend) return
    recall.reset()
    app.transcript.toEnd()
    void app.actions.send()
  }
  const stop = (): void => {
    setStopAsked(false)
    void app.actions.abort()
  }
  const escape = (): void => {
    if (!busy) return
    if (isStopAsked) return stop()
    setStopAsked(true)
    setTimeout(() => setStopAsked(false), secondEscapeMs)
  }
  return (
    <div class="composer">
      <div
        class="composer-frame"
        onClick={(event) => event.target === event.currentTarget && input.current?.focus()}
      >
        <Chips items={chat.draft.items} />
        <textarea
          ref={input}
          class="composer-text"
          aria-label="Message OpenCode"
          placeholder="Ask OpenCode…"
          dir="auto"
          rows={1}
          spellcheck={false}
          value={text}
          onInput={(event) => app.actions.type(event.currentTarget.value)}
          onKeyDown={(event) => onKey(event, { send, escape, recall })}
        />
        <ComposerFooter chat={chat} busy={busy} canSend={canSend} onSend={send} onStop={stop} />
      </div>
      <div class="composer-hint" role="status">
        {isStopAsked ? 'Press Esc again to stop' : (obstacle ?? '')}
      </div>
    </div>
  )
})

/** Why nothing can be sent now; undefined when it can. A stopped server is started by sending. */
function obstacleOf(chat: ChatState): string | undefined {
  if (chat.obstacle === 'no-folder') return 'Open a folder to start.'
  if (chat.obstacle === 'untrusted') return 'Trust this folder to start.'
  if (chat.choice.hasNoModels) return 'No model can be used yet.'
  return undefined
}

interface Keys {
  readonly send: () => void
  readonly escape: () => void
  readonly recall: Recall
}

type TextKey = TargetedKeyboardEvent<HTMLTextAreaElement>

/** Enter while an input method composes belongs to it; key code 229 is how some of them say so. */
function onKey(event: TextKey, keys: Keys): void {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- Safari and some input methods say it in no other way.
  if (event.isComposing || event.keyCode === 229) return
  if (leadsUp(event)) {
    if (!focusRequest() && !focusTranscript()) return
    event.preventDefault()
    // VS Code hears of every key that gets past the page, and moves the focus on F6 as well.
    event.stopPropagation()
  } else if (!event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey) onPlainKey(event, keys)
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

interface Recall {
  readonly older: (event: TextKey) => void
  readonly newer: (event: TextKey) => void
  readonly reset: () => void
}

/** ↑ at the start of the text brings earlier prompts, ↓ leads back to what was being written. */
function useRecall(
  { store, actions }: AppContext,
  input: { readonly current: HTMLTextAreaElement | null },
): Recall {
  const position = useRef(-1)
  const unsent = useRef('')
  const shown = useRef<string>(undefined)
  const show = (text: string): void => {
    shown.current = text
    actions.type(text)
    requestAnimationFrame(() => input.current?.setSelectionRange(0, 0))
  }
  const move = async (step: number): Promise<void> => {
    const history = await actions.promptHistory()
    const next = Math.min(history.length - 1, position.current + step)
    if (next === position.current) return
    if (position.current === -1) unsent.current = store.text.value
    position.current = Math.max(-1, next)
    show(position.current === -1 ? unsent.current : (history[position.current] ?? ''))
  }
  const reset = (): void => {
    position.current = -1
    shown.current = undefined
  }
  return {
    reset,
    older(event) {
      const { selectionStart, selectionEnd } = event.currentTarget
      if (selectionStart !== 0 || selectionEnd !== 0) return
      event.preventDefault()
      if (store.text.value !== shown.current) reset()
      void move(1)
    },
    newer(event) {
      if (position.current < 0 || store.text.value !== shown.current) return
      event.preventDefault()
      void move(-1)
    },
  }
}

const itemIcons: Readonly<Record<ContextItem['kind'], string>> = {
  file: 'file',
  selection: 'selection',
  symbol: 'symbol-method',
  problem: 'warning',
  image: 'file-media',
  folder: 'folder',
  cell: 'notebook',
  terminal: 'terminal',
}

const Chips = memo(function Chips({ items }: { readonly items: readonly ContextItem[] }) {
  const { actions, composer } = useApp()
  if (items.length === 0) return null
  const remove = (id: string): void => {
    void actions.removeItem(id)
    composer.focus()
  }
  return (
    <ul class="chips" aria-label="Context">
      {items.map((item) => (
        <li
          key={item.id}
          class={item.stale ? 'chip stale' : 'chip'}
          title={[item.detail, item.stale].filter(Boolean).join(' · ')}
        >
          <span class="chip-body">
            <Icon name={item.stale ? 'warning' : itemIcons[item.kind]} />
            <span class="chip-label">{item.label}</span>
            {item.stale ? <span class="visually-hidden">{item.stale}</span> : undefined}
          </span>
          <button
            type="button"
            class="chip-remove"
            aria-label={`Remove ${item.label}`}
            onClick={() => remove(item.id)}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  )
})
