import type { ServerLauncher } from '../server/launcher.ts'
import type { TreeRecord } from '../server/isolation/treeRecord.ts'
import type { ServerManager } from '../server/serverManager.ts'
import type { Outbox } from '../sync/sending/outbox.ts'
import type { SessionHub } from '../sync/sessionHub.ts'

/** Where a task runs. */
export interface TaskPlace {
  readonly record: TreeRecord
  /** Top of the isolated working tree: what a container gets to see. */
  readonly root: string
  /** Where sessions run: `root`, or the folder below it that the task was made for. */
  readonly directory: string
  /** Folders outside that git inside reads from; a container needs them at the same paths, read-only. */
  readonly readOnly: readonly string[]
}

/** A server with the sessions on it. */
export interface TaskBackend {
  readonly server: ServerManager
  readonly hub: SessionHub
  readonly outbox: Outbox
}

/** What tasks need from whoever has them. */
export interface TaskHost {
  /** How the server of a task comes up. @throws OpencodeError why it cannot */
  launcher(place: TaskPlace): ServerLauncher
  /** Joins a task with a server of its own; the same one when it is there already. Starts nothing. */
  serve(place: TaskPlace, launcher: () => ServerLauncher): TaskBackend
  /** Ends that server for good and forgets it. */
  leave(place: TaskPlace): Promise<void>
  /** Removes what the servers of a task left outside of its folder: containers, volumes. */
  clean(place: TaskPlace): Promise<void>
}
