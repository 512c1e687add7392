import type { SessionID } from '../opencode/ids.ts'

/** A command of a session, of an agent or of the user, that runs on the server. */
export interface RunningShell {
  readonly id: string
  /** Undefined where the server does not say it. */
  readonly command: string | undefined
  readonly sessionID: SessionID | undefined
}

/** Commands that run on a server, whether a session waits for them or not. Every method rejects with an OpencodeError. */
export interface Shells {
  list(directory: string): Promise<readonly RunningShell[]>
  /** What it printed so far. Rejects with `not-found`. */
  output(directory: string, id: string): Promise<string>
  /** Ends it; nothing happens where it is over already. */
  stop(directory: string, id: string): Promise<void>
  /** Lets the run of a session go on without waiting for the tools that run in it. */
  toBackground(sessionID: SessionID): Promise<void>
}
