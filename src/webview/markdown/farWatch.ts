type OnChange = (isFar: boolean, height: number) => void

/** How far outside the visible part something must be before it may be emptied. */
const marginPx = 1_500

const listeners = new WeakMap<Element, OnChange>()
let observer: IntersectionObserver | undefined

/** Tells when an element goes far out of sight or comes near again. Returns how to stop. */
export function watchFar(element: Element, onChange: OnChange): () => void {
  observer ??= new IntersectionObserver(report, {
    root: document.querySelector('.scroller'),
    rootMargin: `${marginPx}px 0px`,
  })
  const own = observer
  listeners.set(element, onChange)
  own.observe(element)
  return () => {
    own.unobserve(element)
    listeners.delete(element)
  }
}

/** A new scroller needs a new observer; elements watched before are watched no more. */
export function resetFarWatch(): void {
  observer?.disconnect()
  observer = undefined
}

function report(entries: readonly IntersectionObserverEntry[]): void {
  for (const entry of entries) {
    if (!entry.target.isConnected) continue
    listeners.get(entry.target)?.(!entry.isIntersecting, entry.boundingClientRect.height)
  }
}
