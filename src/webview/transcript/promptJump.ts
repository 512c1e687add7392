import { useEffect } from 'preact/hooks'
import { idleTranscript, useApp } from '../app.ts'
import type { TurnItems } from './items.ts'
import type { WindowView } from './transcriptWindow.ts'

interface JumpContext {
  readonly view: WindowView
  readonly hasOlder: boolean
  readonly toEnd: () => void
}

/** The turn that an item belongs to. */
export function turnOf(turns: readonly TurnItems[], itemKey: string): string | undefined {
  return turns.find(({ items }) => items.some((item) => item.key === itemKey))?.key
}

/**
 * Goes to a prompt by its turn. `transcript.step` goes to the one before or after the turn that is being
 * read (undefined: the end is), and loads earlier messages when there is none.
 */
export function usePromptJump(
  turns: readonly TurnItems[],
  current: string | undefined,
  context: JumpContext,
): (key: string) => void {
  const { transcript } = useApp()
  const jump = async (key: string): Promise<void> => {
    const item = turns.find((turn) => turn.key === key)?.items[0]
    const element = item && (await transcript.showItem(item.key))
    if (!element) return
    transcript.reveal(element, 'top')
    element.closest<HTMLElement>('article')?.focus({ preventScroll: true })
  }
  const step = (direction: 1 | -1): void => {
    const prompts = turns.filter((turn) => turn.turn.prompt)
    const from = focusedTurn() ?? current
    const index = from === undefined ? prompts.length : prompts.findIndex(({ key }) => key === from)
    const next = prompts[index + direction]
    if (next) void jump(next.key)
    else if (direction === 1) context.toEnd()
    else if (context.hasOlder) void context.view.loadOlder()
  }
  useEffect(() => {
    transcript.step = step
    return () => void (transcript.step = idleTranscript.step)
  })
  return (key) => void jump(key)
}

/** Near the end the upper edge cannot reach every turn; where the focus is says it better. */
function focusedTurn(): string | undefined {
  return document.activeElement?.closest<HTMLElement>('[data-turn]')?.dataset['turn']
}
