import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { idleTranscript, useApp } from '../app.ts'
import { resetFarWatch } from '../markdown/farWatch.ts'
import { ScrollKeeper } from './scroll.ts'
import type { WindowView } from './transcriptWindow.ts'

interface Ref<T> {
  readonly current: T
}

export interface TranscriptScroll {
  /** Whether the end is followed. */
  readonly isStuck: boolean
  /** Key of the item at the upper edge; undefined while the end is followed. */
  readonly placeKey: string | undefined
  readonly toEnd: () => void
}

/** Keeps the reader's place, and offers the rest of the page ways to move it. */
export function useTranscriptScroll(
  scroller: Ref<HTMLDivElement | null>,
  content: Ref<HTMLDivElement | null>,
  view: WindowView,
): TranscriptScroll {
  const { store, transcript } = useApp()
  const [isStuck, setStuck] = useState(true)
  const [placeKey, setPlaceKey] = useState<string>()
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
      onPlace: debounce((place) => {
        store.saveScroll(place)
        setPlaceKey(place?.key)
      }, 200),
    })
    keeper.current = own
    transcript.hold = (element) => own.hold(element)
    transcript.toEnd = toEnd
    transcript.reveal = (target, place) => own.reveal(target, place)
    transcript.showItem = async (key) => {
      own.release()
      if (!latest.current.show(key)) return undefined
      await nextFrame()
      return findItem(scroller.current, key)
    }
    return () => {
      own.dispose()
      Object.assign(transcript, idleTranscript)
    }
  }, [])
  // A window that moves may leave the height as it was, which no observer hears of.
  useLayoutEffect(() => keeper.current?.settle(), [view.first, view.window.end])
  useRestoredPlace(scroller, keeper, latest)
  return { isStuck, placeKey: isStuck ? undefined : placeKey, toEnd }
}

/** After a reload the reader finds the place where the page was left. */
function useRestoredPlace(
  scroller: Ref<HTMLDivElement | null>,
  keeper: Ref<ScrollKeeper | undefined>,
  view: Ref<WindowView>,
): void {
  const { store } = useApp()
  useEffect(() => {
    const place = store.page.scroll
    if (!place || place.sessionID !== store.sessionKey) return
    view.current.show(place.key)
    requestAnimationFrame(() => {
      const element = findItem(scroller.current, place.key)
      if (element) keeper.current?.restore(element, place.offset)
    })
  }, [])
}

function findItem(root: Element | null, key: string): HTMLElement | undefined {
  return root?.querySelector<HTMLElement>(`[data-item="${CSS.escape(key)}"]`) ?? undefined
}

/** Resolves after what was set has been drawn. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
}

function debounce<T>(run: (value: T) => void, delayMs: number): (value: T) => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  return (value) => {
    clearTimeout(timer)
    timer = setTimeout(() => run(value), delayMs)
  }
}
