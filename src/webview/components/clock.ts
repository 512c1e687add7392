import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

const now = signal(Date.now())
let users = 0
let timer: ReturnType<typeof setInterval> | undefined

/** The time, once a second while somebody counts; components that do not need it do not tick. */
export function useNow(isCounting: boolean): number {
  useEffect(() => {
    if (!isCounting) return undefined
    now.value = Date.now()
    if (users++ === 0) timer = setInterval(() => (now.value = Date.now()), 1_000)
    return () => {
      if (--users === 0) clearInterval(timer)
    }
  }, [isCounting])
  return isCounting ? now.value : Date.now()
}
