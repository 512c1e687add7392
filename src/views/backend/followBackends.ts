import { toDisposable } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend, Backends } from './backends.ts'

/** Joins something to each server of the window, from when it comes until it goes. */
export function followBackends(backends: Backends, join: (backend: Backend) => Disposable): Disposable {
  const joined = new Map<Backend, Disposable>()
  const update = (): void => {
    const all = new Set(backends.all)
    for (const [backend, subscription] of joined) {
      if (all.has(backend)) continue
      subscription.dispose()
      joined.delete(backend)
    }
    for (const backend of all) if (!joined.has(backend)) joined.set(backend, join(backend))
  }
  const subscriptions = [backends.onDidChange(update), backends.onDidChangeStatus(update)]
  update()
  return toDisposable(() => {
    for (const each of [...subscriptions, ...joined.values()]) each.dispose()
    joined.clear()
  })
}
