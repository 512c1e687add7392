import type { Transport } from '../protocol/rpc.ts'
import { toDisposable } from '../util/lifecycle.ts'

/** What VS Code gives a webview page: a way to post, and a small state that outlives the page. */
export interface Host {
  readonly transport: Transport
  getState(): PageState
  setState(state: PageState): void
}

/** What only the page knows; everything else comes from a snapshot. */
export interface PageState {
  /** What this page shows; VS Code hands it to the host when an editor tab comes back after a reload. */
  readonly sessionID?: string
  readonly directory?: string
  /** A spare copy of what was typed, for a crash within the debounce of `draft/change`. */
  readonly draft?: { readonly sessionID: string; readonly revision: number; readonly text: string }
  /** Folds that the user opened or closed by hand, by item key; at most 200. */
  readonly folds?: Readonly<Record<string, boolean>>
  /** Where a session was left when it was not at its end. */
  readonly scroll?: { readonly sessionID: string; readonly key: string; readonly offset: number }
}

interface VsCodeApi {
  postMessage(message: unknown): void
  getState(): unknown
  setState(state: unknown): void
}

declare function acquireVsCodeApi(): VsCodeApi

/** Takes hold of VS Code's side of the wall. May be called once per page. */
export function acquireHost(): Host {
  const api = acquireVsCodeApi()
  return {
    transport: {
      post: (message) => api.postMessage(message),
      listen(listener) {
        const receive = (event: MessageEvent): void => listener(event.data)
        window.addEventListener('message', receive)
        return toDisposable(() => window.removeEventListener('message', receive))
      },
    },
    getState: () => readPageState(api.getState()),
    setState: (state) => api.setState(state),
  }
}

function readPageState(value: unknown): PageState {
  return typeof value === 'object' && value !== null ? value : {}
}
