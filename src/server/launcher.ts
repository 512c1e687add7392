import type { Endpoint, FarewellRequest } from '../client/connection.ts'
import type { ErrorInfo } from '../opencode/errors.ts'
import type { ServerOrigin } from '../opencode/server.ts'

/** How a server process ended. */
export interface ServerExit {
  readonly code: number | null
  readonly signal: string | null
  /** The last lines of stderr and stdout, redacted. */
  readonly tail: string
  /** Why it ended, where more is known than code and signal: out of memory, engine stopped, … */
  readonly reason?: ErrorInfo
}

/** A server that a launcher brought up or found. */
export interface ServerHandle {
  readonly origin: ServerOrigin
  readonly endpoint: Endpoint
  /** Resolves once, when a server of ours ends by itself or by `stop`. Never resolves for attached ones. */
  readonly exited: Promise<ServerExit>
  /** What the supervisor must send to the server if this host dies without calling `stop`. */
  setFarewell(requests: readonly FarewellRequest[]): void
  /** Ends a server of ours with its whole process tree; only forgets an attached one. Idempotent. */
  stop(): Promise<void>
  /**
   * Lets go because the window closes or reloads: the server goes on for some seconds, and ends unless a window
   * takes it over. Absent: the server ends with its window, by `stop`. Never rejects.
   */
  leave?(): Promise<void>
}

/** Brings up or finds one server. */
export interface ServerLauncher {
  readonly origin: ServerOrigin
  /** @throws OpencodeError `binary-not-found`, `version-too-old`, `launch-failed`, `timeout`, `aborted` … */
  launch(signal: AbortSignal): Promise<ServerHandle>
}
