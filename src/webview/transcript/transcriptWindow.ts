import { useEffect, useRef, useState } from 'preact/hooks'
import { useApp } from '../app.ts'
import type { Item } from './items.ts'
import { extendDown, extendUp, follow, newestWindow, relocate } from './itemWindow.ts'
import type { ItemWindow } from './itemWindow.ts'

/** Named by items, not positions: a page of history put before them must not move the window. */
interface WindowRange {
  readonly first?: string
  readonly last?: string
}

/** Which part of the conversation stands in the page, and how it moves. */
export interface WindowView {
  readonly window: ItemWindow
  /** Key of the first item in the window. */
  readonly first: string | undefined
  readonly isLoadingOlder: boolean
  readonly isComplete: boolean
  up(): void
  down(): void
  toEnd(): void
  /** Brings the item with this key into the page. False: it is not loaded. */
  show(key: string): boolean
  /** Loads one older page of the session, if there is one; resolves when it is there. */
  readonly loadOlder: () => Promise<void>
}

export function useWindow(
  items: readonly Item[],
  hasOlder: boolean,
  isStuck: { readonly current: boolean },
): WindowView {
  const { actions } = useApp()
  const [range, setRange] = useState<WindowRange>({})
  const [isLoadingOlder, setLoading] = useState(false)
  const loading = useRef<Promise<unknown>>(undefined)
  const window = place(items, range, isStuck.current)
  const set = (next: ItemWindow): void => setRange(name(items, next))
  const loadOlder = async (): Promise<void> => {
    if (!loading.current && !hasOlder) return
    loading.current ??= actions.loadOlder()
    setLoading(true)
    await loading.current
    loading.current = undefined
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
      if (position < 0) return false
      const isShown = position >= window.start && position < window.end
      if (!isShown) set(extendDown(items, { start: Math.max(0, position - 2), end: position + 1 }))
      return true
    },
    loadOlder,
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
