import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Actions } from './actions.ts'
import type { ChatStore } from './store.ts'

/** What components work with; they know neither the channel nor VS Code. */
export interface AppContext {
  readonly store: ChatStore
  readonly actions: Actions
  readonly transcript: TranscriptControl
  readonly composer: ComposerControl
}

/** Filled by the transcript while it is on screen. */
export interface TranscriptControl {
  hold(element: Element): void
  toEnd(): void
  /** Scrolls something that stands in the page into sight: to the upper edge, or near the middle where it is not visible. */
  reveal(target: Element | Range, place: 'top' | 'middle'): void
  /** Brings a loaded item into the page and gives its element. */
  showItem(key: string): Promise<HTMLElement | undefined>
  /** Goes to the next or the previous prompt. */
  step: (direction: 1 | -1) => void
}

/** While no transcript is on screen; taking it back also lets go of the session that was. */
export const idleTranscript: TranscriptControl = {
  hold: () => undefined,
  toEnd: () => undefined,
  reveal: () => undefined,
  showItem: () => Promise.resolve(undefined),
  step: () => undefined,
}

/** Filled by the composer while it is on screen. */
export interface ComposerControl {
  focus(): void
}

const Context = createContext<AppContext | undefined>(undefined)
export const AppProvider = Context.Provider

export function useApp(): AppContext {
  const app = useContext(Context)
  if (!app) throw new Error('There is no app around this component.')
  return app
}
