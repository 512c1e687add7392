import { readFile } from 'node:fs/promises'
import type { ClientLog } from '../client/connection.ts'
import { toErrorInfo } from '../opencode/errors.ts'
import type { SessionID } from '../opencode/ids.ts'
import type { FileChange } from '../session/model.ts'
import { isWithin } from '../util/paths.ts'
import { contentOf, missing, sameContent } from './content.ts'
import type { Content } from './content.ts'
import type { FolderSnapshots, Snapshot, SnapshotChange } from './folderSnapshots.ts'
import type { FileStep, ReviewLedger, UnknownChange } from './reviewLedger.ts'
import { splitLines } from './lines.ts'
import { takeBack } from './takeBack.ts'

export interface TurnRecorderOptions {
  readonly ledger: ReviewLedger
  readonly log: ClientLog
  /** Of one folder; asked again for each turn. */
  readonly snapshots: (directory: string) => FolderSnapshots
  /**
   * Absolute paths of the files that tools of a session name in its running turn; asked only while several sessions
   * run in one folder.
   */
  readonly touched?: (id: SessionID) => Promise<ReadonlySet<string>>
  readonly now?: () => number
}

interface Turn {
  readonly id: SessionID
  readonly directory: string
  readonly snapshots: FolderSnapshots
  /** The state up to which all is recorded; undefined when the folder cannot be remembered. */
  last: Snapshot | undefined
  /** What stands in files that somebody else than the agent wrote since `last`. */
  readonly foreign: Map<string, Content>
  /** Files that somebody else wrote since `last` and that no snapshot holds. */
  readonly unheld: Set<string>
  isRunning: boolean
}

/**
 * Follows the turns of sessions and tells the ledger what the agent did: everything that differs between two
 * snapshots, except for what the user saved meanwhile. Of sessions that run in one folder at once, each gets the files
 * that its tools name, and those that no tool names.
 */
export class TurnRecorder {
  readonly #options: TurnRecorderOptions
  readonly #turns = new Map<SessionID, Turn>()
  #work: Promise<unknown> = Promise.resolve()

  constructor(options: TurnRecorderOptions) {
    this.#options = options
  }

  /** Remembers a folder for the first time, so that the next time is quick. Never rejects. */
  async warmUp(directory: string): Promise<void> {
    await this.#options
      .snapshots(directory)
      .take()
      .catch(() => undefined)
  }

  /** Remembers the folder as it is, right before a prompt is sent. Never rejects. */
  prepare(id: SessionID, directory: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#turns.get(id)?.isRunning !== true) await this.#begin(id, directory)
    })
  }

  /** A run is seen; where nobody prepared for it, the folder is remembered now. Never rejects. */
  started(id: SessionID, directory: string): Promise<void> {
    return this.#inTurn(async () => {
      const turn = this.#turns.get(id) ?? (await this.#begin(id, directory))
      if (!turn.isRunning) this.#options.ledger.beginTurn(id)
      turn.isRunning = true
    })
  }

  /** Records what was done so far. Never rejects. */
  progress(id: SessionID): Promise<void> {
    return this.#inTurn(async () => {
      const turn = this.#turns.get(id)
      if (turn) await this.#record(turn)
    })
  }

  /** As `progress`, of all turns that files may belong to: a decision about them is about all that was done. */
  async catchUp(paths: readonly string[]): Promise<void> {
    if (!paths.some((path) => this.isRecording(path))) return
    await this.#inTurn(async () => {
      const turns = [...this.#turns.values()].filter(({ directory }) =>
        paths.some((path) => isWithin(path, directory)),
      )
      for (const turn of turns) await this.#record(turn)
    })
  }

  /**
   * Records the rest; the next turn may begin at once. `changes` asks the server what it says of the turn, for files
   * that no snapshot holds; the newest change of a file comes first.
   */
  async end(id: SessionID, changes: () => Promise<readonly FileChange[]>): Promise<void> {
    let ended: Turn | undefined
    await this.#inTurn(async () => {
      ended = this.#turns.get(id)
      if (!ended) return
      // What this one did last must not look like a deed of the others.
      for (const turn of [ended, ...this.#besides(ended)]) await this.#record(turn)
      this.#turns.delete(id)
    })
    const turn = ended
    if (!turn) return
    const known = await changes()
    await this.#inTurn(() => this.#recordUncovered(turn, known))
  }

  /** Whether a file is in a folder that an agent may be working in now. */
  isRecording(path: string): boolean {
    return [...this.#turns.values()].some(({ directory }) => isWithin(path, directory))
  }

  /**
   * The user saved a file, or we wrote it: what changed in it just now is not the agent's. `before` is what stood there;
   * where nobody saw that, what is known of it counts.
   */
  foreignWrite(
    path: string,
    before: Uint8Array | 'known' | undefined,
    after: Uint8Array | undefined,
  ): Promise<void> {
    return this.#inTurn(async () => {
      for (const turn of this.#turns.values()) {
        const { last, foreign } = turn
        if (!isWithin(path, turn.directory) || last === undefined) continue
        if (!(await turn.snapshots.covers(path, last))) {
          turn.unheld.add(path)
          continue
        }
        if (before !== 'known') {
          const start = foreign.get(path) ?? contentOf(await turn.snapshots.contentAt(last, path))
          const content = contentOf(before)
          if (!sameContent(start, content)) this.#tell(turn, [{ path, start, end: content }])
        }
        foreign.set(path, contentOf(after))
      }
    })
  }

  async #begin(id: SessionID, directory: string): Promise<Turn> {
    const snapshots = this.#options.snapshots(directory)
    const last = await snapshots.take().catch((error: unknown) => {
      const { code, message } = toErrorInfo(error)
      this.#options.log.info(`review: no snapshot (${code}): ${message}`)
      return undefined
    })
    const turn: Turn = {
      id,
      directory,
      snapshots,
      last,
      foreign: new Map(),
      unheld: new Set(),
      isRunning: false,
    }
    this.#turns.set(id, turn)
    return turn
  }

  async #record(turn: Turn): Promise<void> {
    if (turn.last === undefined) return
    try {
      const next = await turn.snapshots.take()
      const { files: all, unknown } = await turn.snapshots.changes(turn.last, next)
      const others = await this.#touchedByOthers(turn)
      const changes = all.filter(({ path }) => !others.has(path) && !turn.unheld.has(path))
      const made = changes.filter(({ before, from }) => before === undefined || from !== undefined)
      const folders = await turn.snapshots.missingFolders(
        turn.last,
        made.map(({ path }) => path),
      )
      this.#tell(turn, [...toSteps(changes, turn.foreign), ...(await restored(turn, next, all))], folders)
      const news = unknown.filter(({ path }) => !others.has(path) && !turn.unheld.has(path))
      this.#options.ledger.recordUnknown(turn, news, this.#now())
      turn.last = next
      turn.foreign.clear()
      turn.unheld.clear()
    } catch (error) {
      this.#options.log.warn(`review: changes could not be read (${toErrorInfo(error).code})`)
    }
  }

  /** Ignored files, those outside of the folder, and all where no snapshot could be taken. */
  async #recordUncovered(turn: Turn, changes: readonly FileChange[]): Promise<void> {
    const { ledger } = this.#options
    const paths = [...new Set(changes.map(({ path }) => path))]
    const unknown: UnknownChange[] = []
    const steps: FileStep[] = []
    const recorded = ledger.get(turn.id)?.files
    for (const path of paths) {
      // To ask git takes its time, and there may be thousands.
      if (turn.last !== undefined && recorded?.get(path)?.turn !== undefined) continue
      if (turn.last !== undefined && (await turn.snapshots.covers(path, turn.last))) continue
      const step = await stepFromPatches(
        path,
        changes.filter((change) => change.path === path),
      )
      if (step) steps.push(step)
      else unknown.push({ path })
    }
    this.#tell(turn, steps)
    ledger.recordUnknown(turn, unknown, this.#now())
  }

  /** Files that only the tools of other sessions name. */
  async #touchedByOthers(turn: Turn): Promise<ReadonlySet<string>> {
    const others = this.#besides(turn)
    const { touched } = this.#options
    if (others.length === 0 || !touched) return new Set()
    const [own, ...theirs] = await Promise.all([turn, ...others].map(({ id }) => touched(id)))
    return new Set(theirs.flatMap((paths) => [...paths]).filter((path) => own?.has(path) !== true))
  }

  #besides({ id, directory }: Turn): readonly Turn[] {
    return [...this.#turns.values()].filter(
      (other) =>
        other.id !== id && (isWithin(directory, other.directory) || isWithin(other.directory, directory)),
    )
  }

  #tell({ id, directory }: Turn, steps: readonly FileStep[], folders: readonly string[] = []): void {
    this.#options.ledger.record({ id, directory }, steps, this.#now(), folders)
  }

  #now(): number {
    return (this.#options.now ?? Date.now)()
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#work.then(work).catch((error: unknown) => {
      this.#options.log.warn(`review: a turn could not be recorded (${toErrorInfo(error).code})`)
    })
    this.#work = mine
    return mine
  }
}

function toSteps(
  changes: readonly SnapshotChange[],
  foreign: ReadonlyMap<string, Content>,
): readonly FileStep[] {
  return changes.flatMap((change): readonly FileStep[] => {
    const { before, after, ...rest } = change
    const { path, from } = rest
    const start = foreign.get(from ?? path) ?? contentOf(before)
    const end = contentOf(after)
    const isTheirs = from !== undefined && (foreign.has(path) || start.kind === 'missing')
    if (!isTheirs) return [{ ...rest, start, end }]
    // Somebody else moved it: what is left of the agent is in two files.
    return [
      { path: from, start, end: missing },
      { path, start: foreign.get(path) ?? missing, end },
    ]
  })
}

/** Files that somebody else wrote and that the agent brought back to what they were. */
async function restored(
  { foreign, snapshots }: Turn,
  next: Snapshot,
  changes: readonly SnapshotChange[],
): Promise<readonly FileStep[]> {
  const changed = new Set(changes.flatMap(({ path, from }) => [path, from]))
  const left = [...foreign].filter(([path]) => !changed.has(path))
  return Promise.all(
    left.map(async ([path, start]) => ({
      path,
      start,
      end: contentOf(await snapshots.contentAt(next, path)),
    })),
  )
}

/** Takes the patches of a file back from what stands on the disk; undefined where that cannot be done. */
async function stepFromPatches(path: string, changes: readonly FileChange[]): Promise<FileStep | undefined> {
  const end = contentOf(await readFile(path).catch(() => undefined))
  if (changes.at(-1)?.status === 'added') return { path, start: missing, end }
  if (changes[0]?.status === 'deleted' || end.kind !== 'text') return undefined
  let text: string | undefined = end.lines.join('')
  for (const { patch } of changes) text = text === undefined ? undefined : takeBack(text, patch)
  return text === undefined ? undefined : { path, start: { ...end, lines: splitLines(text) }, end }
}
