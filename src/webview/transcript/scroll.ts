import type { Disposable } from '../../util/lifecycle.ts'
import { DisposableStore, toDisposable } from '../../util/lifecycle.ts'

/** Closer than this to the end counts as being at the end. */
const stickPx = 24
/** Closer than this to either end of what stands in the page asks for more. */
const reachPx = 800
/** How long after a wheel, a key or a drag scroll events still come from it. */
const readerMs = 600

export interface ScrollEvents {
  /** Whether the newest item stands in the page: only then is its end the end. */
  isComplete(): boolean
  /** The reader comes near the first or the last item that stands in the page. */
  onNearTop(): void
  onNearBottom(): void
  onStickChange(isStuck: boolean): void
  /** The place was changed by the reader; the first visible item and its distance to the upper edge. */
  onPlace(place: { readonly key: string; readonly offset: number } | undefined): void
}

/**
 * One rule for all that changes heights: at the end we stay at the end; elsewhere the first visible
 * element stays where it is. Corrections run in a ResizeObserver, before the frame is painted.
 */
export class ScrollKeeper implements Disposable {
  readonly #scroller: HTMLElement
  readonly #content: HTMLElement
  readonly #events: ScrollEvents
  readonly #store = new DisposableStore()
  #isStuck = true
  #anchor: { readonly element: Element; readonly top: number } | undefined
  #expected = -1
  #height = 0
  #width = 0
  /** Whether the next scroll event is of our own making. */
  #isOwn = false
  /** Until when a scroll event may be the reader's. */
  #readerUntil = 0

  constructor(scroller: HTMLElement, content: HTMLElement, events: ScrollEvents) {
    this.#scroller = scroller
    this.#content = content
    this.#events = events
    const observer = new ResizeObserver(() => this.settle())
    observer.observe(content)
    observer.observe(scroller)
    this.#store.add(toDisposable(() => observer.disconnect()))
    this.#listen('scroll', () => this.#onScroll())
    for (const type of ['wheel', 'touchmove', 'pointerdown', 'pointermove', 'keydown'] as const) {
      this.#listen(type, (event) => this.#noteReader(event))
    }
  }

  get isStuck(): boolean {
    return this.#isStuck
  }

  /** Goes to the end and follows it from now on. */
  stick(): void {
    this.#setStuck(true)
    this.settle()
  }

  /** Keeps this element where it is through the next change, e.g. the button that opens a fold. */
  hold(element: Element): void {
    this.#anchor = { element, top: this.#topOf(element) }
    this.#isStuck = false
    requestAnimationFrame(() => requestAnimationFrame(() => this.#onScroll()))
  }

  /** Scrolls an item back to where it was when the page was left. */
  restore(element: Element, offset: number): void {
    this.#setStuck(false)
    this.#anchor = { element, top: offset }
    this.settle()
  }

  /** The end is followed no longer: something else is about to be shown. */
  release(): void {
    this.#setStuck(false)
    this.#remember()
  }

  /** Scrolls to something in the page; what is in sight already stays where it is, unless it shall be at the top. */
  reveal(target: Element | Range, place: 'top' | 'middle'): void {
    const { top, bottom } = target.getBoundingClientRect()
    const height = this.#scroller.clientHeight
    const isSeen = top >= this.#edge && bottom <= this.#edge + height
    this.#setStuck(false)
    if (place === 'top') this.#scrollTo(this.#scroller.scrollTop + top - this.#edge - 8)
    else if (!isSeen) this.#scrollTo(this.#scroller.scrollTop + top - this.#edge - height / 3)
    this.#remember()
    this.#reach()
    // What fits has no other end to go to.
    if (this.#scroller.scrollHeight <= height && this.#events.isComplete()) this.#setStuck(true)
    this.#events.onPlace(this.#isStuck ? undefined : this.#place())
  }

  /** Corrects the place after heights changed. Runs by itself; call it when a frame must not wait. */
  settle(): void {
    if (this.#isStuck) this.#scrollTo(this.#scroller.scrollHeight)
    else if (this.#anchor?.element.isConnected) {
      const shift = this.#topOf(this.#anchor.element) - this.#anchor.top
      if (Math.abs(shift) >= 1) this.#scrollTo(this.#scroller.scrollTop + shift)
      this.#note()
    } else this.#remember()
    this.#reach()
  }

  dispose(): void {
    this.#store.dispose()
  }

  #scrollTo(top: number): void {
    this.#scroller.scrollTop = top
    this.#isOwn = true
    this.#note()
  }

  #listen(type: keyof HTMLElementEventMap, listener: (event: Event) => void): void {
    this.#scroller.addEventListener(type, listener, { passive: true })
    this.#store.add(toDisposable(() => this.#scroller.removeEventListener(type, listener)))
  }

  #noteReader(event: Event): void {
    if (event instanceof PointerEvent && event.buttons === 0) return
    this.#readerUntil = event.timeStamp + readerMs
  }

  #note(): void {
    this.#expected = this.#scroller.scrollTop
    this.#height = this.#scroller.scrollHeight
    this.#width = this.#scroller.clientWidth
  }

  #onScroll(): void {
    // While the end is followed every frame scrolls; asking for sizes here would lay the page out twice.
    if (this.#isStuck && this.#isOwn && performance.now() > this.#readerUntil) {
      this.#isOwn = false
      return
    }
    const { scrollTop, scrollHeight, clientHeight, clientWidth } = this.#scroller
    const isOurs = Math.abs(scrollTop - this.#expected) < 1 && clientWidth === this.#width && this.#isStuck
    if (!isOurs)
      this.#setStuck(this.#events.isComplete() && scrollHeight - scrollTop - clientHeight < stickPx)
    this.#catchUp()
    this.#remember()
    this.#reach()
    this.#events.onPlace(this.#isStuck ? undefined : this.#place())
  }

  /**
   * Scroll events come before the ResizeObserver's: content put above since then must be corrected first,
   * or the place after the jump would be taken for the reader's.
   */
  #catchUp(): void {
    const { scrollTop, scrollHeight } = this.#scroller
    const anchor = this.#anchor
    if (!this.#isStuck && anchor?.element.isConnected && scrollHeight !== this.#height) {
      const shift = this.#topOf(anchor.element) - (anchor.top - (scrollTop - this.#expected))
      if (Math.abs(shift) >= 1) this.#scrollTo(scrollTop + shift)
    }
    this.#note()
  }

  #setStuck(isStuck: boolean): void {
    this.#isStuck = isStuck
    this.#events.onStickChange(isStuck)
  }

  #remember(): void {
    const element = this.#firstVisible()
    this.#anchor = element && { element, top: this.#topOf(element) }
  }

  #place(): { readonly key: string; readonly offset: number } | undefined {
    const item = this.#anchor?.element.closest<HTMLElement>('[data-item]')
    const key = item?.dataset['item']
    return item && key ? { key, offset: Math.round(this.#topOf(item)) } : undefined
  }

  /** The first item that is visible, or inside a long text its first visible block. */
  #firstVisible(): Element | undefined {
    const item = firstBelow(this.#content.querySelectorAll('[data-item]'), this.#edge)
    if (!item || this.#topOf(item) >= 0) return item
    const inner = item.querySelectorAll('.md-block')
    return (inner.length > 0 && firstBelow(inner, this.#edge)) || item
  }

  get #edge(): number {
    return this.#scroller.getBoundingClientRect().top
  }

  #topOf(element: Element): number {
    return element.getBoundingClientRect().top - this.#edge
  }

  #reach(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller
    if (clientHeight === 0) return
    if (scrollTop < reachPx && !this.#isStuck) this.#events.onNearTop()
    if (scrollTop < 2 && this.#isStuck) this.#events.onNearTop()
    if (scrollHeight - scrollTop - clientHeight < reachPx) this.#events.onNearBottom()
  }
}

/** Elements stand in reading order, so the first whose end is below the edge is found by halving. */
function firstBelow(elements: NodeListOf<Element>, edge: number): Element | undefined {
  let low = 0
  let high = elements.length
  while (low < high) {
    const middle = (low + high) >> 1
    const bottom = elements[middle]?.getBoundingClientRect().bottom ?? 0
    if (bottom > edge + 1) high = middle
    else low = middle + 1
  }
  return elements[low]
}
