import { useMemo, useRef } from 'preact/hooks'
import type { SessionState } from '../../session/state.ts'
import { turnsOf } from '../../session/selectors.ts'
import { useApp } from '../app.ts'
import { ItemCache } from './items.ts'
import type { Item, TurnItems } from './items.ts'
import { flatten } from './itemWindow.ts'
import type { ItemWindow } from './itemWindow.ts'
import { onTranscriptClick, onTranscriptKey } from './transcriptInput.ts'
import { memo } from '../components/memo.tsx'
import { turnOf, usePromptJump } from './promptJump.ts'
import { useTranscriptScroll } from './transcriptScroll.ts'
import { useWindow } from './transcriptWindow.ts'
import { AnswerTools } from '../frame/HistoryTools.tsx'
import { IconButton } from '../components/Icon.tsx'
import { ItemView } from './ItemView.tsx'
import { MessageTools } from './MessageTools.tsx'
import { PromptRail } from './PromptRail.tsx'
import { RunEnd } from './RunEnd.tsx'
import { SearchBar } from '../search/SearchBar.tsx'

/** The conversation. Only a window of it stands in the page; it moves as the reader scrolls. */
export function Transcript({ state }: { readonly state: SessionState }) {
  const app = useApp()
  const cache = useMemo(() => new ItemCache(), [])
  const turns = cache.itemsOf(turnsOf(state))
  const items = flatten(turns)
  const isAtEnd = useRef(true)
  const view = useWindow(items, state.hasOlder, isAtEnd)
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const scroll = useTranscriptScroll(scroller, content, view)
  isAtEnd.current = scroll.isStuck
  const current = scroll.placeKey && turnOf(turns, scroll.placeKey)
  const jump = usePromptJump(turns, current, { view, toEnd: scroll.toEnd, hasOlder: state.hasOlder })
  return (
    <div class="transcript">
      <SearchBar source={{ items, hasOlder: state.hasOlder, loadOlder: view.loadOlder, content }} />
      <div
        class="scroller"
        ref={scroller}
        onClick={(event) => onTranscriptClick(event, app)}
        onKeyDown={(event) => onTranscriptKey(event, app)}
      >
        <div class="turns" ref={content} role="log" aria-label="Conversation" aria-live="off" tabIndex={-1}>
          {view.isLoadingOlder ? <div class="dim older">Loading earlier messages…</div> : undefined}
          {slice(turns, view.window).map((turn) => (
            <TurnView key={turn.key} turn={turn} />
          ))}
          <RunEnd state={state} />
        </div>
      </div>
      <PromptRail turns={turns} current={current} onJump={jump} />
      {scroll.isStuck ? undefined : <ToEnd items={items} onClick={scroll.toEnd} />}
    </div>
  )
}

/** The way back to the end, with the number of things that came since the reader left it. */
function ToEnd({ items, onClick }: { readonly items: readonly Item[]; readonly onClick: () => void }) {
  const left = useRef(items.at(-1)?.key)
  const position = items.findLastIndex((item) => item.key === left.current)
  const fresh = position < 0 ? 0 : items.length - 1 - position
  const label = fresh === 0 ? 'Go to bottom' : `Go to bottom, ${fresh} new`
  return (
    <div class="to-end">
      <IconButton icon="arrow-down" label={label} onClick={onClick} />
      {fresh > 0 ? (
        <span class="to-end-count" aria-hidden="true">
          {fresh > 99 ? '99+' : fresh}
        </span>
      ) : undefined}
    </div>
  )
}

/** The part of each turn that is inside the window. */
function slice(turns: readonly TurnItems[], { start, end }: ItemWindow): readonly TurnItems[] {
  let position = 0
  return turns.flatMap((turn) => {
    const from = Math.max(0, start - position)
    const to = Math.min(turn.items.length, end - position)
    position += turn.items.length
    if (from >= to) return []
    return from === 0 && to === turn.items.length ? [turn] : [{ ...turn, items: turn.items.slice(from, to) }]
  })
}

const TurnView = memo(function TurnView({ turn }: { readonly turn: TurnItems }) {
  const prompt = turn.items.filter((item) => item.kind === 'prompt')
  const answer = turn.items.filter((item) => item.kind !== 'prompt')
  const last = turn.turn.answers.at(-1)
  return (
    <div class="turn" data-turn={turn.key}>
      {prompt.length > 0 ? (
        <article aria-label="You" tabIndex={-1}>
          <h2 class="visually-hidden">You said</h2>
          {prompt.map((item) => (
            <ItemView key={item.key} item={item} />
          ))}
        </article>
      ) : undefined}
      {answer.length > 0 ? (
        <article aria-label="OpenCode" tabIndex={-1} class="answer">
          <h2 class="visually-hidden">OpenCode answered</h2>
          {answer.map((item) => (
            <ItemView key={item.key} item={item} />
          ))}
          <MessageTools text={answerText(answer)}>
            {last ? <AnswerTools messageID={last.id} /> : undefined}
          </MessageTools>
        </article>
      ) : undefined}
    </div>
  )
})

/** Only closed text is copied, so that a growing answer is not joined again with every frame. */
function answerText(items: readonly Item[]): string {
  const isOpen = items.some((item) => item.kind === 'text' && item.block.open)
  if (isOpen) return ''
  return items.flatMap((item) => (item.kind === 'text' ? [item.block.text.trim()] : [])).join('\n\n')
}
