import type { FarewellRequest } from '../../../client/connection.ts'
import type { StopIntent } from '../../launcher.ts'
import type { Lease } from '../../lease/lease.ts'

/** The environment of the server travels in one line. */
export const maxMessageLength = 16 * 1024 * 1024

/** What a supervisor needs to let other windows in. */
export interface ShareOffer {
  readonly lease: Lease
  readonly leasePath: string
  /** Given to windows that prove that they could read the lease. */
  readonly password: string
  /** How long the server goes on after a last window that went without a word. */
  readonly graceMs: number
}

/** What a window writes to the supervisor, one JSON object per line. */
export type ToSupervisor =
  /** Comes first on a local socket, and only there. */
  | {
      readonly type: 'hello'
      readonly nonce: string
      /** Process id of the extension host: all that one window opens counts once. */
      readonly host: number
      readonly wantsPassword: boolean
    }
  /** Comes first from the window that made the supervisor. The secrets stand here and not in argv or its environment. */
  | {
      readonly type: 'start'
      readonly host: number
      readonly command: string
      readonly args: readonly string[]
      readonly cwd: string
      readonly env: Readonly<Record<string, string>>
      /** The server ends when its input does, so it gets one that we never write to. */
      readonly holdsInput?: boolean
    }
  /** Lets other windows in from now on. */
  | { readonly type: 'share'; readonly offer: ShareOffer }
  /** Changes what has to be sent to the server when the last window is gone. It holds for all windows. */
  | {
      readonly type: 'farewell'
      readonly url: string
      readonly username: string
      readonly password: string
      /** Sent in this order, behind what others want to have sent. */
      readonly requests: readonly FarewellRequest[]
      /** No longer to be sent, whoever asked for it. */
      readonly dropped: readonly FarewellRequest[]
    }
  /** The last message of a window that closes or reloads: how long the server should wait for it or others. */
  | { readonly type: 'leave'; readonly graceMs: number }
  /** Ends the server with its process tree, for all windows. */
  | { readonly type: 'stop'; readonly intent: StopIntent }

export type FarewellMessage = Extract<ToSupervisor, { type: 'farewell' }>

/** What the supervisor writes to its windows, one JSON object per line. */
export type FromSupervisor =
  | {
      readonly type: 'spawned'
      readonly pid: number
      readonly startTime: string
      readonly commandLine: string
    }
  | { readonly type: 'spawn-failed'; readonly reason: string }
  | { readonly type: 'line'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** Answers `share`; `reason` when other windows cannot be let in. */
  | { readonly type: 'shared'; readonly reason?: string }
  /** Answers `hello`. */
  | { readonly type: 'welcome'; readonly password?: string }
  /** Answers `hello` when it is too late. */
  | { readonly type: 'ending' }
  /** How many windows use the server. */
  | { readonly type: 'windows'; readonly count: number }
  /** The last message. `intent`: a window wanted it so. */
  | {
      readonly type: 'exit'
      readonly code: number | null
      readonly signal: string | null
      readonly intent?: StopIntent
    }
