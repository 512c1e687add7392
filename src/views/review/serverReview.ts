import type { Connection } from '../../client/connection.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { Log } from '../../platform/log.ts'
import type { ReviewScope } from '../../review/reviewedFile.ts'
import { joinTurns } from '../../review/serverChanges.ts'
import type { ServerChange } from '../../review/serverChanges.ts'
import type { FileChange, Session } from '../../session/model.ts'
import { turnsOf } from '../../session/selectors.ts'
import type { Turn } from '../../session/selectors.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend, Backends } from '../backend/backends.ts'
import { followBackends } from '../backend/followBackends.ts'
import { promptTarget } from '../composer/promptTarget.ts'
import { absolutePath } from '../links.ts'

/** What is read of a session at the most, the newest first. */
const readMessages = 200
const readTurns = 20
const keptSessions = 10

/** What a session changed on a machine whose files are not seen here. */
export interface SessionServerChanges {
  readonly sessionID: SessionID
  readonly directory: string
  readonly turn: readonly ServerChange[]
  /** Of the newest turns, as far as they were read. */
  readonly session: readonly ServerChange[]
}

/**
 * The changes of sessions whose files are on another machine: to be read, as their servers tell them turn by turn. There
 * is nothing to decide on, since a server can take back only whole prompts.
 */
export class ServerReview implements Disposable {
  readonly #log: Log
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  readonly #known = new Map<SessionID, SessionServerChanges>()
  readonly #asked = new Set<SessionID>()
  readonly onDidChange = this.#onDidChange.event

  constructor(backends: Backends, log: Log) {
    this.#log = log
    this.#store.add(followBackends(backends, (backend) => this.#join(backend)))
  }

  /** Undefined for a session whose files are here, or of which nothing was read yet. */
  of(sessionID: SessionID | undefined): SessionServerChanges | undefined {
    return sessionID === undefined ? undefined : this.#known.get(sessionID)
  }

  files(sessionID: SessionID | undefined, scope: ReviewScope): readonly ServerChange[] {
    return this.of(sessionID)?.[scope] ?? []
  }

  /** A session is looked at: reads its changes, unless they are known or its files are here. */
  look(backend: Backend, sessionID: SessionID, directory: string): void {
    if (this.#asked.has(sessionID) || !isElsewhere(backend, directory)) return
    this.#asked.add(sessionID)
    void this.#read(backend, sessionID)
  }

  dispose(): void {
    this.#store.dispose()
  }

  #join(backend: Backend): Disposable {
    const { news } = backend.hub
    const store = new DisposableStore()
    store.add(
      news.onDidEndRun(({ sessionID, directory }) => {
        if (directory === undefined || isElsewhere(backend, directory)) void this.#read(backend, sessionID)
      }),
    )
    // An undo hides turns, a redo has them back.
    const cuts = new Map<SessionID, string | undefined>()
    store.add(
      news.onDidChangeSession(({ id, revertedFrom }) => {
        const isMoved = cuts.get(id) !== revertedFrom
        cuts.set(id, revertedFrom)
        if (isMoved && this.#known.has(id)) void this.#read(backend, id)
      }),
    )
    return store
  }

  async #read(backend: Backend, sessionID: SessionID): Promise<void> {
    const { connection } = backend.server
    if (!connection) {
      this.#asked.delete(sessionID)
      return
    }
    try {
      const session = await connection.getSession(sessionID)
      if (session.parentID !== undefined || !isElsewhere(backend, session.directory)) return
      this.#asked.add(sessionID)
      const changes = await readChanges(connection, session)
      this.#known.delete(sessionID)
      this.#known.set(sessionID, changes)
      for (const id of [...this.#known.keys()].slice(0, -keptSessions)) this.#forget(id)
      this.#onDidChange.fire(undefined)
    } catch (error) {
      this.#asked.delete(sessionID)
      this.#log.debug(`review: what a session changed on its server could not be read: ${String(error)}`)
    }
  }

  #forget(sessionID: SessionID): void {
    this.#known.delete(sessionID)
    this.#asked.delete(sessionID)
  }
}

/** Whether a running server keeps the files of a directory on another machine. */
export function isElsewhere(backend: Backend, directory: string): boolean {
  return backend.server.status.kind === 'running' && !promptTarget(backend, directory).sees(directory)
}

async function readChanges(connection: Connection, session: Session): Promise<SessionServerChanges> {
  const { id, directory } = session
  const { messages } = await connection.readMessages(id, readMessages)
  const turns = turnsOf({ messages, session }).slice(-readTurns)
  const told: (readonly FileChange[])[] = []
  for (const turn of turns) told.push(await changesOf(connection, session, turn))
  return { sessionID: id, directory, turn: joinTurns(told.slice(-1)), session: joinTurns(told) }
}

/** A turn without any tool call changed nothing, and is not asked for. */
async function changesOf(
  connection: Connection,
  { id, directory }: Session,
  { prompt, answers }: Turn,
): Promise<readonly FileChange[]> {
  const hasTools = answers.some(({ blocks }) => blocks.some(({ type }) => type === 'tool'))
  if (!prompt || !hasTools || !connection.capabilities.turnDiff) return []
  const changes = await connection.turnDiff(id, prompt.id)
  return changes.map((change) => ({ ...change, path: absolutePath(change.path, directory) }))
}
