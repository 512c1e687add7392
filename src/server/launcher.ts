import type { Endpoint, FarewellRequest } from '../client/connection.ts'
import type { ErrorInfo } from '../opencode/errors.ts'
import type { ServerOrigin, ServerSharing } from '../opencode/server.ts'
import type { Event } from '../util/event.ts'

/** How a server process ended. */
export interface ServerExit {
  readonly code: number | null
  readonly signal: string | null
  /** The last lines of stderr and stdout, redacted. */
  readonly tail: string
  /** A window that shares it wanted its end: for good, or because a new one is about to start. */
  readonly intent?: StopIntent
  /** Why it ended, where more is known than code and signal: out of memory, engine stopped, … */
  readonly reason?: ErrorInfo
}

/** A server that a launcher brought up or found. */
export interface ServerHandle {
  readonly origin: ServerOrigin
  readonly endpoint: Endpoint
  /**
   * Resolves once, when a server of ours ends by itself or by `stop`. For attached ones only when they are known to
   * be found elsewhere now.
   */
  readonly exited: Promise<ServerExit>
  /** Present when other windows may use it too. */
  readonly sharing?: ServerShare
  /** What the supervisor must send to the server if the last host dies without calling `stop`. */
  setFarewell(requests: readonly FarewellRequest[]): void
  /**
   * Ends a server of ours with its whole process tree, also for others who use it; only forgets an attached
   * one. Idempotent.
   */
  stop(intent?: StopIntent): Promise<void>
  /**
   * Lets go because the window closes or reloads: the server goes on while other windows use it, and then for some
   * seconds; it ends unless a window takes it over. `exited` stays open. Absent: the server ends with its window,
   * by `stop`. Never rejects. `isBusy`: a session of this window runs, so that more time to come back is worth it.
   */
  leave?(isBusy?: boolean): Promise<void>
}

/** Why a server was ended on purpose: for good, or to make room for a new one at once. */
export type StopIntent = 'stop' | 'restart'

/** What is known about a server that several windows can use. */
export interface ServerShare {
  readonly current: ServerSharing
  readonly onDidChange: Event<ServerSharing>
}

/** Brings up or finds one server. */
export interface ServerLauncher {
  readonly origin: ServerOrigin
  /** @throws OpencodeError `binary-not-found`, `version-too-old`, `launch-failed`, `timeout`, `aborted` … */
  launch(signal: AbortSignal): Promise<ServerHandle>
}
