import * as vscode from 'vscode'
import type { Connection } from '../../client/connection.ts'
import type { SessionID } from '../../opencode/ids.ts'
import { filePath } from '../../platform/folders.ts'
import type { Log } from '../../platform/log.ts'
import type { TurnRecorder } from '../../review/turnRecorder.ts'
import type { Block, FileChange, Message } from '../../session/model.ts'
import { isWithin } from '../../util/paths.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend, Backends } from '../backend/backends.ts'
import { absolutePath } from '../links.ts'
import { promptTarget } from '../composer/promptTarget.ts'
import { bytesOnDisk } from './reviewFiles.ts'
import { SavesUnderWay } from './savesUnderWay.ts'
import { UserFiles } from './userFiles.ts'

const editedDelayMs = 400
/** What command lines write is seen on the disk alone, file by file. */
const writtenDelayMs = 1_500
/** A folder that takes long to look at is looked at for a quarter of the time at the most. */
const restFactor = 3
/** A prompt does not wait longer for its folder; a large one is taken in while the prompt is on its way. */
const longestWaitMs = 2_000
/** Folders of a window that are remembered before anything happens in them. */
const mostWarmedUp = 3
/** Enough messages for a turn of many steps. */
const readMessages = 100

/** At what a running session did so far: one that comes, or goes on. */
interface Look {
  readonly timer: NodeJS.Timeout
  /** Something was written after it was asked for. */
  isOld: boolean
}

/** Tells the recorder when sessions run, on all servers, and what the user saves meanwhile. */
export class TurnWatch implements Disposable {
  readonly #recorder: TurnRecorder
  readonly #backends: Backends
  readonly #log: Log
  readonly #store = new DisposableStore()
  readonly #watched = new Map<Backend, DisposableStore>()
  readonly #looks = new Map<SessionID, Look>()
  readonly #warm = new Set<string>()
  readonly #running = new Map<SessionID, { readonly backend: Backend; readonly directory: string }>()
  readonly #saves: SavesUnderWay

  constructor(recorder: TurnRecorder, backends: Backends, log: Log) {
    this.#recorder = recorder
    this.#saves = new SavesUnderWay((path) => recorder.isRecording(path), bytesOnDisk)
    this.#backends = backends
    this.#log = log
    this.#store.add(backends.onDidChange(() => this.#watchAll()))
    this.#store.add(
      backends.onDidChangeStatus((backend) => {
        this.#watchAll()
        if (backend.server.status.kind === 'running') void this.#warmUp(backend)
      }),
    )
    this.#store.add(new UserFiles(recorder))
    const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher('**/*'))
    const written = (uri: vscode.Uri): void => this.#written(filePath(uri))
    for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete])
      this.#store.add(event(written))
    this.#store.add(vscode.workspace.onWillSaveTextDocument((event) => this.#willSave(event)))
    this.#store.add(vscode.workspace.onDidSaveTextDocument((document) => void this.#didSave(document)))
    this.#watchAll()
  }

  /** Absolute paths of the files that tools of a running session name in its turn; see `TurnRecorderOptions`. */
  async touched(sessionID: SessionID): Promise<ReadonlySet<string>> {
    const run = this.#running.get(sessionID)
    const connection = run?.backend.server.connection
    if (!run || !connection) return new Set()
    try {
      const { blocks } = await readTurn(connection, sessionID)
      return new Set(blocks.flatMap(pathsIn).map((path) => absolutePath(path, run.directory)))
    } catch {
      return new Set()
    }
  }

  dispose(): void {
    for (const store of this.#watched.values()) store.dispose()
    for (const { timer } of this.#looks.values()) clearTimeout(timer)
    this.#store.dispose()
  }

  #watchAll(): void {
    const all = new Set(this.#backends.all)
    for (const [backend, store] of this.#watched) {
      if (all.has(backend)) continue
      store.dispose()
      this.#watched.delete(backend)
    }
    for (const backend of all)
      if (!this.#watched.has(backend)) this.#watched.set(backend, this.#watch(backend))
  }

  #watch(backend: Backend): DisposableStore {
    const store = new DisposableStore()
    const { news } = backend.hub
    store.add(
      news.onDidStartRun(({ sessionID, directory }) => void this.#started(backend, sessionID, directory)),
    )
    store.add(news.onDidEndRun(({ sessionID }) => void this.#ended(backend, sessionID)))
    store.add(backend.hub.onDidEditFile(() => this.#edited()))
    backend.outbox.beforeSending = ({ sessionID, directory }) => this.#prepare(backend, sessionID, directory)
    return store
  }

  /** The first time takes long in a large folder; better before a prompt is written than after. */
  async #warmUp(backend: Backend): Promise<void> {
    const places = backend.directories.filter((directory) => this.#sees(backend, directory))
    for (const directory of places.slice(0, mostWarmedUp)) {
      if (this.#warm.has(directory)) continue
      this.#warm.add(directory)
      await this.#recorder.warmUp(directory)
    }
  }

  /** Remembers the folder of a session before a prompt goes to it. */
  async #prepare(backend: Backend, sessionID: SessionID, directory: string): Promise<void> {
    if (directory === '' || !this.#sees(backend, directory)) return
    const enough = new Promise<void>((resolve) => setTimeout(resolve, longestWaitMs))
    await Promise.race([this.#recorder.prepare(sessionID, directory), enough])
  }

  /** What a subagent does belongs to the session that called it. */
  async #started(backend: Backend, sessionID: SessionID, directory: string | undefined): Promise<void> {
    try {
      const known = directory === undefined ? undefined : backend.hub.sessions(directory)
      const entry = known?.find(({ session }) => session.id === sessionID)?.session
      const session = entry ?? (await backend.server.connection?.getSession(sessionID))
      if (!session || session.parentID !== undefined || !this.#sees(backend, session.directory)) return
      this.#running.set(sessionID, { backend, directory: session.directory })
      await this.#recorder.started(sessionID, session.directory)
      // Its end may have come while we asked who it is.
      if (!backend.hub.news.isRunning(sessionID)) await this.#ended(backend, sessionID)
    } catch (error) {
      this.#log.debug(`review: a run could not be followed: ${String(error)}`)
    }
  }

  async #ended(backend: Backend, sessionID: SessionID): Promise<void> {
    const directory = this.#running.get(sessionID)?.directory
    if (directory === undefined) return
    this.#running.delete(sessionID)
    clearTimeout(this.#looks.get(sessionID)?.timer)
    this.#looks.delete(sessionID)
    await this.#recorder.end(sessionID, () => this.#changesOf(backend, sessionID, directory))
  }

  /** An event of the server; of command lines there is none. */
  #edited(): void {
    for (const sessionID of this.#running.keys()) this.#lookSoon(sessionID, editedDelayMs)
  }

  #written(path: string): void {
    for (const [sessionID, { directory }] of this.#running)
      if (isWithin(path, directory)) this.#lookSoon(sessionID, writtenDelayMs)
  }

  #lookSoon(sessionID: SessionID, delayMs: number): void {
    const known = this.#looks.get(sessionID)
    if (known) {
      known.isOld = true
      return
    }
    const timer = setTimeout(() => {
      look.isOld = false
      const start = Date.now()
      void this.#recorder.progress(sessionID).then(() => {
        if (this.#looks.get(sessionID) !== look) return
        this.#looks.delete(sessionID)
        if (look.isOld) this.#lookSoon(sessionID, Math.max(writtenDelayMs, restFactor * (Date.now() - start)))
      })
    }, delayMs)
    const look: Look = { timer, isOld: false }
    this.#looks.set(sessionID, look)
  }

  #sees(backend: Backend, directory: string): boolean {
    return promptTarget(backend, directory).sees(directory)
  }

  /** What tools and the server's own snapshots say of the last turn, the newest change first. */
  async #changesOf(
    { server }: Backend,
    sessionID: SessionID,
    directory: string,
  ): Promise<readonly FileChange[]> {
    const { connection } = server
    if (!connection) return []
    try {
      const { prompt, blocks } = await readTurn(connection, sessionID)
      const own = blocks.flatMap(changesIn)
      // Not every server can tell.
      const turn = prompt ? await connection.turnDiff(sessionID, prompt.id).catch(() => []) : []
      const placed = (change: FileChange): FileChange => ({
        ...change,
        path: absolutePath(change.path, directory),
      })
      const known = new Set(own.map((change) => placed(change).path))
      return [...own.toReversed().map(placed), ...turn.map(placed).filter(({ path }) => !known.has(path))]
    } catch (error) {
      this.#log.debug(`review: what a turn changed could not be read: ${String(error)}`)
      return []
    }
  }

  #willSave({ document }: vscode.TextDocumentWillSaveEvent): void {
    if (document.uri.scheme === 'file') this.#saves.begin(filePath(document.uri))
  }

  async #didSave({ uri }: vscode.TextDocument): Promise<void> {
    const path = filePath(uri)
    const before = this.#saves.end(path)
    if (!before && !this.#recorder.isRecording(path)) return
    const after = await bytesOnDisk(path)
    // An untitled text that gets a name is saved without warning.
    await this.#recorder.foreignWrite(path, before ? await before : 'known', after)
  }
}

/** The last prompt and all that came after it. */
async function readTurn(
  connection: Connection,
  sessionID: SessionID,
): Promise<{ readonly prompt: Message | undefined; readonly blocks: readonly Block[] }> {
  const { messages } = await connection.readMessages(sessionID, readMessages)
  const start = messages.findLastIndex(({ role }) => role === 'user')
  const blocks = messages.slice(Math.max(0, start)).flatMap((message) => message.blocks)
  return { prompt: messages[start], blocks }
}

function changesIn(block: Block): readonly FileChange[] {
  return block.type === 'tool' && block.status === 'completed' ? (block.files ?? []) : []
}

/** What a tool is about to write is only in its target. */
function pathsIn(block: Block): readonly string[] {
  if (block.type !== 'tool') return []
  const files = (block.files ?? []).map(({ path }) => path)
  const isWriting = block.kind === 'edit' || block.kind === 'write'
  return isWriting && block.target !== undefined ? [...files, block.target] : files
}
