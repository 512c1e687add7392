import type { EngineFacts } from '../engine.ts'

/** What a window tells the keeper of its container, one JSON object per line. */
export type ToKeeper =
  /** Comes first, once. No secrets: what the engine's client needs is in the keeper's environment. */
  | {
      readonly type: 'keep'
      readonly facts: EngineFacts
      readonly id: string
      /** Gateway and networks that belong to it. */
      readonly group?: string
      readonly owner: string
      /** How long a container without a window goes on. */
      readonly graceMs: number
    }
  /** The window lets go; `owner` is what the container says from now on. */
  | { readonly type: 'left'; readonly owner: string }
  /** The container is gone or is somebody else's business now. */
  | { readonly type: 'done' }
