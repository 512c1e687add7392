import type { AppContext } from './app.ts'

/** Keys that work wherever the focus is, also on nothing. VS Code must not act on them as well. */
export function listenForPageKeys(app: AppContext): void {
  document.addEventListener('keydown', (event) => {
    const run = pageKey(event, app)
    if (!run) return
    event.preventDefault()
    event.stopPropagation()
    run()
  })
}

function pageKey(event: KeyboardEvent, { store, transcript }: AppContext): (() => void) | undefined {
  const hasCommand = event.ctrlKey || event.metaKey
  if (hasCommand && !event.altKey && event.key === 'f') return () => store.toggleSearch(true)
  if (!event.altKey || hasCommand || isWriting(event.target)) return undefined
  if (event.key === 'ArrowUp') return () => transcript.step(-1)
  return event.key === 'ArrowDown' ? () => transcript.step(1) : undefined
}

/** Alt and an arrow move the cursor of who writes. */
function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement && target.value !== ''
}
