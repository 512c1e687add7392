import { useEffect, useRef, useState } from 'preact/hooks'

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
