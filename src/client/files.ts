/** Where a server works, in its own terms: not translated to the paths of this machine. */
export interface ServerFolder {
  readonly directory: string
  /** Root of the git work tree; `/` when there is none. */
  readonly worktree: string
}

/** How the server sees the disk. Every method rejects with an OpencodeError. */
export interface ServerFiles {
  /** How the server names a directory of this machine; without one: where it was started. */
  place(directory: string | undefined, signal?: AbortSignal): Promise<ServerFolder>
  /** Names in a directory. Rejects with `server-error` when the server does not have it. */
  list(directory: string, signal?: AbortSignal): Promise<readonly string[]>
  /**
   * The bytes of a file in a directory or below it, as they are; missing where the server trims or converts them.
   * Rejects with `not-found` also for a file elsewhere, and with `too-large`.
   */
  read?(directory: string, path: string, signal?: AbortSignal): Promise<Uint8Array>
}
