import { toFragment } from './sanitize.ts'
import type { Highlighter } from './highlightChunk.ts'

const largestCode = 30_000
const cacheLimit = 200

const cache = new Map<string, string>()
const waiting: { readonly code: HTMLElement; readonly lang: string }[] = []
let isScheduled = false
let highlighter: Highlighter | undefined
let loading: Promise<void> | undefined

/**
 * Colours a closed code block when the page has a moment. The text stays the same, so nothing moves.
 * Unknown languages and very long code stay plain.
 */
export function highlight(code: HTMLElement, lang: string): void {
  if (code.dataset['coloured'] || code.childElementCount > 0) return
  if (code.textContent.length > largestCode) return
  const known = cache.get(cacheKey(code, lang))
  if (known !== undefined) return paint(code, known)
  waiting.push({ code, lang })
  schedule()
}

function schedule(): void {
  if (isScheduled) return
  isScheduled = true
  void load().then(() => requestIdleCallback(run, { timeout: 500 }))
}

function run(deadline: IdleDeadline): void {
  isScheduled = false
  while (waiting.length > 0) {
    const next = waiting.shift()
    if (next?.code.isConnected) colour(next.code, next.lang)
    if (deadline.timeRemaining() < 3) break
  }
  if (waiting.length > 0) schedule()
}

function colour(code: HTMLElement, lang: string): void {
  const html = highlighter?.(code.textContent, lang)
  if (html === undefined) return
  cache.set(cacheKey(code, lang), html)
  if (cache.size > cacheLimit) cache.delete(cache.keys().next().value ?? '')
  paint(code, html)
}

function paint(code: HTMLElement, html: string): void {
  code.replaceChildren(toFragment(html))
  code.dataset['coloured'] = 'true'
}

function cacheKey(code: HTMLElement, lang: string): string {
  return `${lang}\n${code.textContent}`
}

/** The languages are a script of their own, loaded when the first code block closes. */
function load(): Promise<void> {
  loading ??= import('./highlightChunk.ts').then(
    (chunk) => void (highlighter = chunk.highlightCode),
    () => undefined,
  )
  return loading
}
