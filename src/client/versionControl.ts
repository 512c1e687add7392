import type { FileChange } from '../session/model.ts'

/** How the files of a directory differ, as the server sees it. */
export interface ServerChanges {
  /** Undefined where there is no version control, or no branch. */
  readonly branch: string | undefined
  /** Against the last commit; paths are absolute. Without patches. */
  readonly files: readonly FileChange[]
}

/** Version control on the server's machine. Every method rejects with an OpencodeError. */
export interface VersionControl {
  changes(directory: string): Promise<ServerChanges>
  /** What was not committed, with patches; paths are absolute. */
  diff(directory: string): Promise<readonly FileChange[]>
}
