/** A working copy of a project beside its main one. */
export interface Worktree {
  readonly directory: string
  /** How it was made, in the server's words, e.g. `git`. */
  readonly strategy: string | undefined
}

/** The working copies that a server keeps of a project. Every method rejects with an OpencodeError. */
export interface Worktrees {
  /** Those of the project that a directory belongs to. */
  list(directory: string): Promise<readonly Worktree[]>
  /** Makes one on a branch of this name; gives its directory. */
  create(directory: string, branch: string): Promise<string>
  /** `force`: even with changes that were not committed. */
  remove(directory: string, worktree: string, force: boolean): Promise<void>
}
