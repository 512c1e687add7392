import type { SessionID } from '../../opencode/ids.ts'
import { isSame } from '../../session/equal.ts'
import { activityOf, familyOf, noFamily } from '../../session/family.ts'
import type { Family } from '../../session/family.ts'
import type { Session } from '../../session/model.ts'
import type { SessionHub, SessionStore } from '../../sync/sessionHub.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { stateOf } from './recent.ts'

const delayMs = 200
/** Running subagents whose work is followed; of more only the state shows. */
const followedAtMost = 8

/** Follows the sessions around one that is on screen. Running subagents are opened, so that their work shows. */
export class FamilyWatch implements Disposable {
  readonly #hub: SessionHub
  readonly #directory: string
  readonly #session: () => Session | undefined
  readonly #onDidChange: (family: Family) => void
  readonly #store = new DisposableStore()
  readonly #open = new Map<SessionID, DisposableStore & { store?: SessionStore }>()
  #last: Family = noFamily
  #timer: NodeJS.Timeout | undefined

  constructor(
    hub: SessionHub,
    directory: string,
    session: () => Session | undefined,
    onDidChange: (family: Family) => void,
  ) {
    this.#hub = hub
    this.#directory = directory
    this.#session = session
    this.#onDidChange = onDidChange
    this.#store.add(hub.onDidChangeIndex((changed) => changed === directory && this.refresh()))
    onDidChange(noFamily)
    this.#update()
  }

  /** Looks again soon. */
  refresh(): void {
    this.#timer ??= setTimeout(() => this.#update(), delayMs)
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#store.dispose()
    for (const open of this.#open.values()) open.dispose()
    this.#open.clear()
  }

  #update(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const session = this.#session()
    if (!session) return
    const entries = new Map(this.#hub.sessions(this.#directory).map((entry) => [entry.session.id, entry]))
    const family = familyOf(session, {
      sessions: [
        ...[...entries.values()].map((entry) => entry.session),
        ...(entries.has(session.id) ? [] : [session]),
      ],
      stateOf: (id) => {
        const entry = entries.get(id)
        return entry ? stateOf(entry) : 'idle'
      },
      activityOf: (id) => {
        const state = this.#open.get(id)?.store?.state
        return state && activityOf(state)
      },
    })
    this.#follow(family)
    if (isSame(family, this.#last)) return
    this.#last = family
    this.#onDidChange(family)
  }

  #follow({ subagents }: Family): void {
    const running = new Set(
      subagents
        .filter(({ state }) => state !== 'idle')
        .slice(0, followedAtMost)
        .map(({ id }) => id),
    )
    for (const [id, open] of this.#open) {
      if (running.has(id)) continue
      open.dispose()
      this.#open.delete(id)
    }
    for (const id of running) {
      if (this.#open.has(id)) continue
      const open: DisposableStore & { store?: SessionStore } = new DisposableStore()
      open.store = open.add(this.#hub.open(id, this.#directory))
      open.add(open.store.onDidChange(() => this.refresh()))
      this.#open.set(id, open)
    }
  }
}
