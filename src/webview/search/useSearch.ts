import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useApp } from '../app.ts'
import type { AppContext } from '../app.ts'
import { showSourceOf } from '../diagrams/diagrams.ts'
import type { Item } from '../transcript/items.ts'
import { fillChunks } from '../markdown/chunks.ts'
import { clearPaint, paint, rangesIn } from './highlights.ts'
import { foldsOf, MatchCounter, toPattern } from './matcher.ts'
import type { SearchQuery } from './matcher.ts'

const repaintMs = 120
/** How long after the last key earlier messages begin to be loaded. */
const loadDelayMs = 300

export interface SearchSource {
  readonly items: readonly Item[]
  readonly hasOlder: boolean
  /** Loads one older page of the session. */
  readonly loadOlder: () => Promise<void>
  readonly content: { readonly current: HTMLElement | null }
}

export interface SearchResult {
  /** Matches in all that is loaded. */
  readonly total: number
  /** Which of them is shown, from 1; 0: none. */
  readonly position: number
  /** Earlier messages are still being looked through. */
  readonly isLoading: boolean
  /** Why the pattern is none. */
  readonly problem: string | undefined
  go(step: 1 | -1): void
}

interface Hit {
  readonly item: Item
  readonly count: number
  /** Matches before this item. */
  readonly before: number
}

interface Place {
  readonly key: string
  /** Which match inside the item, from 0. */
  readonly index: number
}

/** Looks through the whole session, newest first: what is loaded at once, the rest as it is fetched. */
export function useSearch(query: SearchQuery, source: SearchSource): SearchResult {
  const app = useApp()
  const parsed = useMemo(() => toPattern(query), [query])
  const pattern = parsed.kind === 'pattern' ? parsed.pattern : undefined
  const counter = useMemo(() => pattern && new MatchCounter(pattern), [pattern])
  const hits = useMemo(() => (counter ? findHits(source.items, counter) : []), [counter, source.items])
  const [place, setPlace] = useState<Place>()
  const last = hits.at(-1)
  const total = last ? last.before + last.count : 0
  const ordinal = ordinalOf(hits, place)
  const isLoading = pattern !== undefined && source.hasOlder
  useOlderPages(isLoading, query, source)
  usePaint(pattern, place, source)
  const go = (step: 1 | -1): void => {
    if (total === 0 || !pattern) return
    const next = ordinal === undefined ? total - 1 : (ordinal + step + total) % total
    const hit = hits.find(({ before, count }) => next < before + count)
    if (!hit) return
    const found = { key: hit.item.key, index: next - hit.before }
    setPlace(found)
    void reveal(app, hit.item, { pattern, index: found.index })
  }
  // Whoever types sees the newest match without another key.
  useEffect(() => setPlace(undefined), [pattern])
  useEffect(() => {
    if (place === undefined) go(-1)
  }, [pattern, place === undefined, total > 0])
  const problem = parsed.kind === 'invalid' ? parsed.message : undefined
  return { total, position: ordinal === undefined ? 0 : ordinal + 1, isLoading, problem, go }
}

function findHits(items: readonly Item[], counter: MatchCounter): readonly Hit[] {
  const hits: Hit[] = []
  let before = 0
  for (const item of items) {
    const count = counter.count(item)
    if (count > 0) hits.push({ item, count, before })
    before += count
  }
  return hits
}

function ordinalOf(hits: readonly Hit[], place: Place | undefined): number | undefined {
  const hit = place && hits.find(({ item }) => item.key === place.key)
  return hit && hit.before + Math.min(place.index, hit.count - 1)
}

/** Opens what hides the match, brings it into the page and into sight. */
async function reveal(
  { store, transcript }: AppContext,
  item: Item,
  match: { readonly pattern: RegExp; readonly index: number },
): Promise<void> {
  for (const key of foldsOf(item)) store.setFold(key, true)
  const element = await transcript.showItem(item.key)
  if (!element) return
  fillChunks(element)
  const ranges = rangesIn(element, match.pattern)
  const range = ranges[Math.min(match.index, ranges.length - 1)]
  if (range) showSourceOf(range.startContainer)
  transcript.reveal(range ?? element, 'middle')
}

/** Goes on until all of the session is loaded. */
function useOlderPages(isWanted: boolean, query: SearchQuery, source: SearchSource): void {
  const latest = useRef(source)
  latest.current = source
  useEffect(() => {
    if (!isWanted) return undefined
    let isOver = false
    const timer = setTimeout(async () => {
      while (!isOver && latest.current.hasOlder) {
        const before = latest.current.items
        await latest.current.loadOlder()
        await new Promise((resolve) => setTimeout(resolve, 30))
        // Nothing came: the connection is gone, and asking on would not help.
        if (latest.current.items === before) break
      }
    }, loadDelayMs)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [isWanted, query])
}

/** Marks the matches of what stands in the page, and again whenever that changes. */
function usePaint(pattern: RegExp | undefined, place: Place | undefined, source: SearchSource): void {
  useEffect(() => {
    const root = source.content.current
    if (!pattern || !root) {
      clearPaint()
      return undefined
    }
    let timer: ReturnType<typeof setTimeout> | undefined
    const draw = (): void => {
      timer = undefined
      const ranges = rangesIn(root, pattern)
      const element = place && root.querySelector(`[data-item="${CSS.escape(place.key)}"]`)
      const inside = element ? ranges.filter((range) => element.contains(range.startContainer)) : []
      paint(ranges, inside[Math.min(place?.index ?? 0, inside.length - 1)])
    }
    const plan = (): void => void (timer ??= setTimeout(draw, repaintMs))
    draw()
    const observer = new MutationObserver(plan)
    observer.observe(root, { childList: true, subtree: true, characterData: true })
    return () => {
      observer.disconnect()
      clearTimeout(timer)
      clearPaint()
    }
  }, [pattern, place])
}
