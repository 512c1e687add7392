/** A permission that was given "always" and that the server keeps for a project. */
export interface SavedRule {
  readonly id: string
  /** What is not asked for any more, e.g. `shell`. */
  readonly action: string
  /** `*` stands for anything. */
  readonly pattern: string
  /** Epoch milliseconds. */
  readonly given: number
}

/** The answers "always" that a server keeps and tells. Every method rejects with an OpencodeError. */
export interface SavedRules {
  /** Those of the project of a directory, the newest first. */
  list(directory: string): Promise<readonly SavedRule[]>
  /** From now on the server asks again; nothing happens where the rule is gone already. */
  revoke(id: string): Promise<void>
}
