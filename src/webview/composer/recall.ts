import { useRef } from 'preact/hooks'
import type { TargetedKeyboardEvent } from 'preact'
import type { AppContext } from '../app.ts'

export type TextKey = TargetedKeyboardEvent<HTMLTextAreaElement>

export interface Recall {
  readonly older: (event: TextKey) => void
  readonly newer: (event: TextKey) => void
  readonly reset: () => void
}

/** ↑ at the start of the text brings earlier prompts, ↓ leads back to what was being written. */
export function useRecall(
  { store, actions }: AppContext,
  input: { readonly current: HTMLTextAreaElement | null },
): Recall {
  const position = useRef(-1)
  const unsent = useRef('')
  const shown = useRef<string>(undefined)
  const show = (text: string): void => {
    shown.current = text
    actions.type(text)
    requestAnimationFrame(() => input.current?.setSelectionRange(0, 0))
  }
  const move = async (step: number): Promise<void> => {
    const history = await actions.promptHistory()
    const next = Math.min(history.length - 1, position.current + step)
    if (next === position.current) return
    if (position.current === -1) unsent.current = store.text.value
    position.current = Math.max(-1, next)
    show(position.current === -1 ? unsent.current : (history[position.current] ?? ''))
  }
  const reset = (): void => {
    position.current = -1
    shown.current = undefined
  }
  return {
    reset,
    older(event) {
      const { selectionStart, selectionEnd } = event.currentTarget
      if (selectionStart !== 0 || selectionEnd !== 0) return
      event.preventDefault()
      if (store.text.value !== shown.current) reset()
      void move(1)
    },
    newer(event) {
      if (position.current < 0 || store.text.value !== shown.current) return
      event.preventDefault()
      void move(-1)
    },
  }
}
