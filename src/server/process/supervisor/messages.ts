import type { FarewellRequest } from '../../../client/connection.ts'

/** The environment of the server travels in one line. */
export const maxMessageLength = 16 * 1024 * 1024

/** What the launcher writes to the supervisor, one JSON object per line. */
export type ToSupervisor =
  /** Comes first, once. The secrets stand here and not in argv or in the supervisor's own environment. */
  | {
      readonly type: 'start'
      readonly command: string
      readonly args: readonly string[]
      readonly cwd: string
      readonly env: Readonly<Record<string, string>>
    }
  /** Replaces what has to be sent to the server when the launcher is gone without a word. */
  | {
      readonly type: 'farewell'
      readonly url: string
      readonly username: string
      readonly password: string
      readonly requests: readonly FarewellRequest[]
    }
  /** Ends the server with its process tree; no farewell, the launcher has done that itself. */
  | { readonly type: 'stop' }

/** What the supervisor writes to the launcher, one JSON object per line. */
export type FromSupervisor =
  | {
      readonly type: 'spawned'
      readonly pid: number
      readonly startTime: string
      readonly commandLine: string
    }
  | { readonly type: 'spawn-failed'; readonly reason: string }
  | { readonly type: 'line'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** The last message. */
  | { readonly type: 'exit'; readonly code: number | null; readonly signal: string | null }
