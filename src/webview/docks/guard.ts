import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useApp } from '../app.ts'

/** A click meant for the request before must not answer the one that takes its place. */
const guardMs = 350

/**
 * For one place that shows one request after another: blocks answers for a moment after a change, and
 * from an answer until the request goes or the call fails.
 */
export function useGuard(id: string) {
  const last = useRef(id)
  const [guarded, setGuarded] = useState<string | undefined>(undefined)
  const [answered, setAnswered] = useState<string | undefined>(undefined)
  const isNew = last.current !== id
  useEffect(() => {
    if (last.current === id) return undefined
    last.current = id
    setGuarded(id)
    const timer = setTimeout(() => setGuarded(undefined), guardMs)
    return () => clearTimeout(timer)
  }, [id])
  return {
    isGuarded: isNew || guarded === id,
    isAnswering: answered === id,
    answer: (run: () => Promise<boolean>): void => {
      setAnswered(id)
      void run().then((isDone) => !isDone && setAnswered(undefined))
    },
  }
}

/** For something that goes away when it is answered: a focus inside it must not go with it. */
export function useFocusBack(): RefObject<HTMLElement | null> {
  const { composer } = useApp()
  const element = useRef<HTMLElement>(null)
  useLayoutEffect(
    () => () => {
      if (element.current?.contains(document.activeElement)) composer.focus()
    },
    [],
  )
  return element
}
