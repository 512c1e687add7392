import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { SessionState } from '../../session/state.ts'
import { isBusy, turnsOf } from '../../session/selectors.ts'
import { useApp } from '../app.ts'
import { ItemCache } from '../items.ts'
import type { Item, TurnItems } from '../items.ts'
import { extendDown, extendUp, flatten, follow, newestWindow, relocate } from '../itemWindow.ts'
import type { ItemWindow } from '../itemWindow.ts'
import { onTranscriptClick, onTranscriptKey } from '../transcriptInput.ts'
import { resetFarWatch } from '../markdown/farWatch.ts'
import { memo } from '../memo.tsx'
import { ScrollKeeper } from '../scroll.ts'
import { Icon, IconButton } from './Icon.tsx'
import { ErrorNotice, ItemView } from './ItemView.tsx'
import { MessageTools } from './MessageTools.tsx'

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
  const { isStuck, toEnd } = useScroll(scroller, content, view)
  isAtEnd.current = isStuck
  return (
    <div class="transcript">
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
      {isStuck ? undefined : (
        <div class="to-end">
          <IconButton icon="arrow-down" label="Go to bottom" onClick={toEnd} />
        </div>
      )}
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
  return (
    <div class="turn">
      {prompt.length > 0 ? (
        <article aria-label="You" tabIndex={-1}>
          {prompt.map((item) => (
            <ItemView key={item.key} item={item} />
          ))}
        </article>
      ) : undefined}
      {answer.length > 0 ? (
        <article aria-label="OpenCode" tabIndex={-1} class="answer">
          {answer.map((item) => (
            <ItemView key={item.key} item={item} />
          ))}
          <MessageTools text={answerText(answer)} />
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

/** What stands below the last message: a sign of life, or why the run ended without one. */
function RunEnd({ state }: { readonly state: SessionState }) {
  const last = state.messages.at(-1)
  if (isBusy(state)) {
    const isSilent =
      state.requests.length === 0 && (last?.role !== 'assistant' || !last.blocks.some(isAtWork))
    return (
      <div class={isSilent && state.status.kind === 'busy' ? 'working' : 'working silent'}>
        <Icon name="loading" spin />
        <span>Working…</span>
      </div>
    )
  }
  const isShown = last?.role === 'assistant' && last.error !== undefined
  return state.error && !isShown && state.error.kind !== 'aborted' ? (
    <ErrorNotice error={state.error} />
  ) : null
}

function isAtWork(block: SessionState['messages'][number]['blocks'][number]): boolean {
  if (block.type === 'text' || block.type === 'reasoning') return block.open
  return block.type === 'tool' && (block.status === 'running' || block.status === 'pending')
}

/** Named by items, not positions: a page of history put before them must not move the window. */
interface WindowRange {
  readonly first?: string
  readonly last?: string
}

interface WindowView {
  readonly window: ItemWindow
  /** Key of the first item in the window. */
  readonly first: string | undefined
  readonly isLoadingOlder: boolean
  readonly isComplete: boolean
  up(): void
  down(): void
  toEnd(): void
  /** Brings the item with this key into the page. */
  show(key: string): void
}

function useWindow(
  items: readonly Item[],
  hasOlder: boolean,
  isStuck: { readonly current: boolean },
): WindowView {
  const { actions } = useApp()
  const [range, setRange] = useState<WindowRange>({})
  const [isLoadingOlder, setLoading] = useState(false)
  const loading = useRef(false)
  const window = place(items, range, isStuck.current)
  const set = (next: ItemWindow): void => setRange(name(items, next))
  const loadOlder = async (): Promise<void> => {
    if (loading.current || !hasOlder) return
    loading.current = true
    setLoading(true)
    await actions.loadOlder()
    loading.current = false
    setLoading(false)
  }
  useEffect(() => {
    if (range.first !== items[window.start]?.key) set(window)
  })
  return {
    window,
    first: items[window.start]?.key,
    isLoadingOlder,
    isComplete: window.end === items.length,
    up: () => (window.start > 0 ? set(extendUp(items, window)) : void loadOlder()),
    down: () => {
      if (window.end < items.length) set(isStuck.current ? newestWindow(items) : extendDown(items, window))
    },
    toEnd: () => set(newestWindow(items)),
    show: (key) => {
      const position = items.findIndex((item) => item.key === key)
      if (position >= 0) set(extendDown(items, { start: Math.max(0, position - 2), end: position + 1 }))
    },
  }
}

function place(items: readonly Item[], range: WindowRange, isStuck: boolean): ItemWindow {
  if (range.first === undefined) return newestWindow(items)
  const window = relocate(items, range.first, range.last)
  return isStuck && window.end === items.length ? follow(items, window) : window
}

function name(items: readonly Item[], window: ItemWindow): WindowRange {
  const first = items[window.start]?.key
  const last = window.end < items.length ? items[window.end - 1]?.key : undefined
  return { ...(first === undefined ? {} : { first }), ...(last === undefined ? {} : { last }) }
}

function useScroll(
  scroller: { readonly current: HTMLDivElement | null },
  content: { readonly current: HTMLDivElement | null },
  view: WindowView,
) {
  const { store, transcript } = useApp()
  const [isStuck, setStuck] = useState(true)
  const latest = useRef(view)
  latest.current = view
  const keeper = useRef<ScrollKeeper>(undefined)
  const toEnd = (): void => {
    latest.current.toEnd()
    keeper.current?.stick()
  }
  useLayoutEffect(() => {
    if (!scroller.current || !content.current) return undefined
    resetFarWatch()
    const own = new ScrollKeeper(scroller.current, content.current, {
      isComplete: () => latest.current.isComplete,
      onNearTop: () => latest.current.up(),
      onNearBottom: () => latest.current.down(),
      onStickChange: setStuck,
      onPlace: debounce((place) => store.saveScroll(place), 200),
    })
    keeper.current = own
    transcript.hold = (element) => own.hold(element)
    transcript.toEnd = toEnd
    return () => own.dispose()
  }, [])
  // A window that moves may leave the height as it was, which no observer hears of.
  useLayoutEffect(() => keeper.current?.settle(), [view.first, view.window.end])
  useRestoredPlace(scroller, keeper, latest)
  return { isStuck, toEnd }
}

/** After a reload the reader finds the place where the page was left. */
function useRestoredPlace(
  scroller: { readonly current: HTMLDivElement | null },
  keeper: { readonly current: ScrollKeeper | undefined },
  view: { readonly current: WindowView },
): void {
  const { store } = useApp()
  useEffect(() => {
    const place = store.page.scroll
    if (!place || place.sessionID !== store.sessionKey) return
    view.current.show(place.key)
    requestAnimationFrame(() => {
      const element = scroller.current?.querySelector(`[data-item="${CSS.escape(place.key)}"]`)
      if (element) keeper.current?.restore(element, place.offset)
    })
  }, [])
}

function debounce<T>(run: (value: T) => void, delayMs: number): (value: T) => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  return (value) => {
    clearTimeout(timer)
    timer = setTimeout(() => run(value), delayMs)
  }
}
