import type { Catalog } from '../opencode/catalog.ts'
import type { MessageID, RequestID, SessionID } from '../opencode/ids.ts'
import type { Capabilities } from '../opencode/server.ts'
import type { SessionAction } from '../session/actions.ts'
import type {
  FileChange,
  Message,
  PermissionReply,
  Prompt,
  Request,
  RunStatus,
  Session,
  Todo,
} from '../session/model.ts'
import type { Accounts } from './accounts.ts'
import type { ServerFiles } from './files.ts'
import type { SessionInbox } from './inbox.ts'
import type { SessionHistory } from './history.ts'
import type { SessionLibrary } from './library.ts'
import type { ClientLog } from './clientLog.ts'
import type { ClientMetrics, Metrics } from './metrics.ts'
import type { SessionCommands } from './commands.ts'
import type { RunControl } from './runControl.ts'
import type { Pictures } from './pictures.ts'
import type { Providers } from './providers.ts'
import type { ServerFeatures } from './serverFeatures.ts'
import type { ServerPlaces } from './places.ts'
import type { SavedRules } from './savedRules.ts'
import type { SessionEnvironment } from './sessionEnvironment.ts'
import type { SessionJournal } from './sessionJournal.ts'
import type { Shells } from './shells.ts'
import type { VersionControl } from './versionControl.ts'
import type { Worktrees } from './worktrees.ts'

export type { ClientLog } from './clientLog.ts'
export type { Endpoint } from './endpoint.ts'
export type { ClientMetrics, Spread } from './metrics.ts'

/** What a stream of a connection tells; `up` comes first and again after each reconnection. */
export type ServerEvent =
  | { readonly kind: 'up' }
  /** The stream is down; the next attempt is at `retryAt` (epoch ms). */
  | { readonly kind: 'down'; readonly error: unknown; readonly retryAt: number }
  /** A change of one session. `directory` is the one that the event came from, where known. */
  | {
      readonly kind: 'session'
      readonly sessionID: SessionID
      readonly directory: string | undefined
      readonly action: SessionAction
    }
  | { readonly kind: 'session-removed'; readonly sessionID: SessionID }
  /** The server dropped what it held of a directory (or of all): fetch again. */
  | { readonly kind: 'reset'; readonly directory: string | undefined }
  /** Models, agents or commands may have changed. */
  | { readonly kind: 'catalog'; readonly directory: string | undefined }
  /** Running commands, working copies or saved permissions may have changed. */
  | { readonly kind: 'work'; readonly directory: string | undefined }
  | { readonly kind: 'file-edited'; readonly directory: string | undefined; readonly path: string }

export interface MessagePage {
  /** Ascending by (created, id). */
  readonly messages: readonly Message[]
  /** Opaque; undefined when there is nothing older. */
  readonly older: string | undefined
}

export interface SessionQuery {
  readonly directory: string
  /** Default 100. */
  readonly limit?: number
  /** Case-insensitive part of the title. */
  readonly search?: string
  /** Only sessions without a parent. */
  readonly roots?: boolean
}

export interface NewSession {
  readonly title?: string
  /** What the session may do at the most, whatever the configuration allows; all of that when left out. */
  readonly tools?: SessionTools
}

/**
 * `none`: the model can only answer. `reading`: nothing that changes a file, runs a command or starts a subagent. Both
 * only take away: what the configuration forbids stays forbidden.
 */
export type SessionTools = 'none' | 'reading'

/**
 * One live connection to one server: the only thing the rest of the program knows about a wire.
 * Each wire implements it in its own folder. Every method rejects with an OpencodeError and ends by
 * itself (timeout); an AbortSignal ends it sooner with code `aborted`.
 */
export interface Connection {
  readonly version: string
  readonly url: string
  readonly capabilities: Capabilities
  readonly files: ServerFiles
  readonly history: SessionHistory
  readonly providers: Providers
  readonly features: ServerFeatures
  readonly library: SessionLibrary
  readonly runs: RunControl
  readonly commands: SessionCommands
  readonly places: ServerPlaces
  readonly pictures: Pictures
  // Groups that only some servers have: undefined where they are lacking.
  readonly inbox: SessionInbox | undefined
  readonly savedRules: SavedRules | undefined
  readonly shells: Shells | undefined
  readonly worktrees: Worktrees | undefined
  readonly versionControl: VersionControl | undefined
  readonly journal: SessionJournal | undefined
  readonly environment: SessionEnvironment | undefined
  readonly accounts: Accounts | undefined

  /**
   * Yields until the signal aborts; reconnects by itself with jittered backoff. Call it once. What the messages of a
   * session hold may be told only when they were read before (`readMessages`).
   */
  events(signal: AbortSignal): AsyncIterable<ServerEvent>

  /** Quick check that the server answers and takes our credentials. */
  ping(signal?: AbortSignal): Promise<void>

  listSessions(query: SessionQuery): Promise<readonly Session[]>
  createSession(directory: string, options?: NewSession): Promise<Session>
  getSession(sessionID: SessionID): Promise<Session>
  renameSession(sessionID: SessionID, title: string): Promise<Session>
  deleteSession(sessionID: SessionID): Promise<void>

  /** The newest `limit` messages, or the `limit` before the cursor `older` of an earlier page. */
  readMessages(sessionID: SessionID, limit: number, older?: string): Promise<MessagePage>
  readTodos(sessionID: SessionID): Promise<readonly Todo[]>
  /** Status of the sessions that run in a directory; the others are idle. */
  readStatus(directory: string): Promise<ReadonlyMap<SessionID, RunStatus>>
  /** Open permission and question requests of a directory. */
  readRequests(directory: string): Promise<readonly Request[]>
  /** Output of a tool call in full, where the block was cut; undefined when the server cannot give it. */
  readToolOutput(sessionID: SessionID, messageID: MessageID, callID: string): Promise<string | undefined>
  /** What the turn of a user message changed on disk; paths are absolute. */
  turnDiff(sessionID: SessionID, messageID: MessageID): Promise<readonly FileChange[]>

  /** Resolves when the server has the prompt. Repeating it with the same ids changes nothing. */
  prompt(sessionID: SessionID, prompt: Prompt): Promise<void>
  abort(sessionID: SessionID): Promise<void>
  /** False when somebody else had answered already. */
  replyPermission(request: RequestRef, reply: PermissionReply, message?: string): Promise<boolean>
  replyQuestion(request: RequestRef, answers: readonly (readonly string[])[]): Promise<boolean>
  rejectQuestion(request: RequestRef): Promise<boolean>

  readCatalog(directory: string): Promise<Catalog>
  /** How the server knows a provider's credential now. */
  providerCredential(directory: string, providerID: string): Promise<ProviderCredential>
  setProviderKey(providerID: string, key: string): Promise<void>
  removeProviderKey(providerID: string): Promise<void>
  /** Makes changed keys take effect in a directory; ends what runs there, so ask first. */
  reload(directory: string): Promise<void>

  findFiles(directory: string, query: string, limit: number, signal?: AbortSignal): Promise<readonly string[]>

  /** Ends all running work on the server so that nothing is orphaned when its process ends. Own servers only. */
  disposeAll(): Promise<void>
  /** The requests a supervisor should send, in order, when this host is gone without a word. */
  farewell(providerKeys: readonly string[]): readonly FarewellRequest[]

  /** Counts for the log and the Doctor. */
  readonly metrics: ClientMetrics
  /** Closes sockets. Idempotent; pending calls reject. */
  close(): Promise<void>
}

export interface RequestRef {
  readonly id: RequestID
  readonly sessionID: SessionID
  readonly directory: string
}

/**
 * `stored`: in the server's own auth store; `fingerprint` lets us tell our key from the user's (SHA-256 hex).
 * `hidden`: the server's configuration keeps the provider out, so it cannot be told what the store holds.
 */
export type ProviderCredential =
  | { readonly kind: 'none' }
  | { readonly kind: 'hidden' }
  | { readonly kind: 'stored'; readonly fingerprint: string | undefined }
  | { readonly kind: 'elsewhere' }

export interface FarewellRequest {
  readonly method: 'POST' | 'DELETE'
  /** Path with query, starting with `/`. */
  readonly path: string
}

/** What `connect` may use of its surroundings. */
export interface ConnectOptions {
  readonly log: ClientLog
  readonly signal?: AbortSignal
  /** How long a server that is still starting is waited for; default 15 s. */
  readonly timeoutMs?: number
  /** Goes on counting where an earlier connection left off. */
  readonly metrics?: Metrics
}
