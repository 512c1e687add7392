/**
 * What the extension "Sessions for OpenCode" offers to other extensions, version 1. This file stands alone:
 * copy it, or point your compiler to it. docs/api.md has a walk-through.
 *
 * All ids are opaque strings, all times are epoch milliseconds, all paths are absolute unless said otherwise.
 */

/** What `vscode.extensions.getExtension('opencode-sessions.opencode-sessions').activate()` resolves with. */
export interface OpencodeSessionsExports {
  /** The versions that `getAPI` takes, oldest first. */
  readonly versions: readonly number[]
  /** For `instanceof`; every error of the API is one of these. */
  readonly ApiError: ApiErrorClass
  /**
   * The API as your extension sees it. Starts nothing and asks nothing by itself.
   *
   * @throws ApiError `unsupported-version`, or `invalid-caller` when no installed extension has that id
   */
  getAPI(version: 1, caller: Caller): OpencodeSessionsApi
}

/**
 * Who calls. VS Code does not tell one extension which other one calls it, so this is your own word: it
 * names your extension where the user is asked, in the log, and in the list of extensions with access.
 */
export interface Caller {
  /** `context.extension.id`, e.g. `acme.reviewer`. */
  readonly extension: string
}

export interface OpencodeSessionsApi {
  /** Semantic version; the first number is the one you asked for, later ones only add. */
  readonly version: string

  /**
   * Sends a prompt and follows its run. The callbacks begin after this call has returned; whatever happens,
   * exactly one of `onCompletion` and `onError` is called, once, and nothing after it.
   *
   * @throws ApiError at once for a request that makes no sense: `invalid-request`, `no-prompt`, `invalid-part`,
   * `invalid-timeout`, `invalid-signal`, `unknown-session` (not an id), `no-folder`, `foreign-folder`, and
   * `untrusted` in Restricted Mode. What only the server knows (agents, models, sessions) ends the run before
   * anything is sent.
   */
  execute(request: ExecutionRequest, callbacks?: ExecutionCallbacks): Execution

  /** The same as one call: resolves with the result, rejects with the ApiError. */
  executeAndWait(request: ExecutionRequest, callbacks?: ExecutionCallbacks): Promise<ExecutionResult>

  /**
   * Ends an execution of yours and resolves when its final callback was called; a run on the server is aborted.
   * False when there is no such execution (any more).
   */
  cancel(executionID: string): Promise<boolean>

  /** Agents, models and abilities in a folder; starts the server. Rejects with an ApiError. */
  capabilities(place?: Place): Promise<ApiCapabilities>

  readonly sessions: Sessions

  /** Work on files of its own, several at once; the user's files change only by `finish`. */
  readonly tasks: Tasks

  /** How the server of a folder is; starts nothing, asks nobody, never rejects for a server that is down. */
  health(place?: Place): Promise<Health>
}

/** Where something happens. */
export interface Place {
  /** A folder of the workspace, by path; the first one when left out. */
  readonly folder?: string
}

export interface ExecutionRequest extends Place {
  /** What the agent shall do. May be left out only when there are parts. */
  readonly prompt?: string
  /** What goes along with the prompt, behind it. At most 10 MiB each. */
  readonly parts?: readonly ExecutionPart[]
  /** Name of a primary agent; what the chat would use when left out. */
  readonly agent?: string
  /** `provider/model`, or in parts; what the chat would use when left out. */
  readonly model?: string | ExecutionModel
  /** Goes on with this session, which must be idle; a new session when left out. */
  readonly sessionID?: string
  /** Title of a new session; the model finds one when left out. */
  readonly title?: string
  /** Milliseconds from the call to the end, 1 to 86,400,000; no limit when left out. The run is then aborted. */
  readonly timeout?: number
  /** Aborting it cancels the execution, at any moment. */
  readonly signal?: AbortSignal
}

export interface ExecutionModel {
  readonly providerID: string
  readonly modelID: string
  /** Thinking effort or similar, by the name the model has for it. */
  readonly variant?: string
}

export type ExecutionPart =
  | { readonly type: 'text'; readonly text: string }
  /** A file or folder, with what its editor holds unsaved. */
  | { readonly type: 'file'; readonly path: string }
  /** Content of yours: text, an image, a PDF document. */
  | {
      readonly type: 'data'
      readonly name: string
      readonly mime: string
      readonly data: string | Uint8Array
    }
  /** Names a subagent for the model to use. */
  | { readonly type: 'agent'; readonly name: string }

/** All are optional. One that throws or rejects is logged and changes nothing. */
export interface ExecutionCallbacks {
  onStatus?(status: ExecutionStatus): void
  onText?(text: ExecutionText): void
  onTool?(tool: ExecutionTool): void
  /**
   * The agent, or a subagent of it, asks. Return an answer (or a promise of one), or nothing to leave it to the
   * user, who sees the question in the chat in any case; the first answer counts.
   */
  onPermission?(
    request: ExecutionPermission,
  ): PermissionAnswer | undefined | void | Promise<PermissionAnswer | undefined | void>
  onCompletion?(result: ExecutionResult): void
  onError?(error: ApiError): void
}

export type PermissionAnswer =
  | 'once'
  | 'always'
  | 'reject'
  /** The message goes to the model, and the run continues. */
  | { readonly reply: 'reject'; readonly message: string }

export interface Execution {
  readonly id: string
  /** Known from the status `sending` on. */
  readonly sessionID: string | undefined
  /** Settles with the final callback; a rejection that nobody handles makes no noise. */
  readonly result: Promise<ExecutionResult>
  /** As `cancel(id)`. */
  cancel(): Promise<boolean>
}

export type ExecutionStatus =
  /** The user may be asked, the server may be started, agent and model are checked. */
  | { readonly state: 'preparing' }
  | { readonly state: 'sending'; readonly sessionID: string }
  | { readonly state: 'running'; readonly sessionID: string }
  /** The model provider failed; the server tries again at `next`. */
  | {
      readonly state: 'retrying'
      readonly sessionID: string
      readonly attempt: number
      readonly message: string
      readonly next: number
    }
  /** A permission or question waits for somebody. */
  | { readonly state: 'waiting'; readonly sessionID: string; readonly for: 'permission' | 'question' }
  /** The run is being aborted; the final callback follows when it has stopped. */
  | { readonly state: 'stopping'; readonly sessionID: string }

export interface ExecutionText {
  readonly messageID: string
  readonly partID: string
  /** What is new. */
  readonly delta: string
  /** The part so far. */
  readonly text: string
  /** The part was replaced, e.g. after a lost connection: take `text` for all that came before. */
  readonly isReplaced: boolean
}

export interface ExecutionTool {
  readonly callID: string
  readonly messageID: string
  /** The server's name of the tool, e.g. `bash`. */
  readonly name: string
  readonly status: 'pending' | 'running' | 'completed' | 'failed' | 'interrupted'
  /** What it works on, in one line: a path, a command, a pattern. */
  readonly target?: string
  readonly input: { readonly [key: string]: unknown }
  /** While it runs the tail so far; long output is cut at the front. */
  readonly output?: string
  readonly error?: string
  readonly exitCode?: number
}

export interface ExecutionPermission {
  readonly id: string
  /** The session that asks; a subagent's one is a child of the execution's. */
  readonly sessionID: string
  readonly callID?: string
  /** What is asked for: `edit`, `shell`, `external_directory` or the name of a tool. */
  readonly action: string
  readonly patterns: readonly string[]
  /** The rules that the answer `always` makes. */
  readonly always: readonly string[]
  readonly command?: string
  readonly path?: string
  /** Unified diff of the proposed edit. */
  readonly diff?: string
}

export interface ExecutionResult {
  readonly executionID: string
  readonly sessionID: string
  readonly messageID: string
  /** The text of the last answer that has any. */
  readonly text: string
  /** What the run changed on disk; in folders without git, what its tools say that they changed. */
  readonly files: readonly ChangedFile[]
  /** Of this run alone, without its subagents. */
  readonly tokens: TokenCount
  /** US dollars, as the server counts; 0 when it does not know the price. */
  readonly cost: number
  /** Why the model stopped, in the provider's word, e.g. `stop` or `length`. */
  readonly finish?: string
  readonly durationMs: number
}

export interface ChangedFile {
  readonly path: string
  readonly status: 'added' | 'deleted' | 'modified'
  readonly additions: number
  readonly deletions: number
  /** Unified diff; missing for binary or huge files. */
  readonly patch?: string
}

export interface TokenCount {
  readonly input: number
  readonly output: number
  readonly reasoning: number
  readonly cacheRead: number
  readonly cacheWrite: number
}

/** Isolated sessions, the user's ones among them. `run` is `execute` in the `folder` of the task. */
export interface Tasks {
  create(
    options?: Place & {
      /** Default `container`. `worktree`: only the files are apart, commands run on this machine. */
      readonly isolation?: 'container' | 'worktree'
      /** Default `commit`, the last one. `changes`: with what is saved but not committed, but for ignored files. */
      readonly base?: 'commit' | 'changes'
      readonly name?: string
      readonly signal?: AbortSignal
    },
  ): Promise<IsolatedTask>
  list(): Promise<readonly IsolatedTask[]>
  get(id: string): Promise<IsolatedTask>
}

export interface IsolatedTask {
  readonly id: string
  readonly branch: string
  readonly folder: string
  readonly state: 'stopped' | 'starting' | 'running' | 'failed' | 'deleted'
  start(signal?: AbortSignal): Promise<void>
  run(request: Omit<ExecutionRequest, 'folder'>, callbacks?: ExecutionCallbacks): Execution
  /** What differs from the beginning; a renamed file is one that was deleted and one that was added. */
  changes(): Promise<readonly ChangedFile[]>
  /** Rejects with `conflict` or `nothing-changed`; then nothing was changed. Only `discard` deletes the task. */
  finish(how: TaskFinish): Promise<TaskFinished>
  stop(): Promise<void>
  delete(): Promise<void>
}

export type TaskFinish =
  | { readonly as: 'branch'; readonly message?: string; readonly branch?: string }
  /** Merged into the user's files, all or nothing; refused while one of them has unsaved changes. */
  | { readonly as: 'patch' }
  | { readonly as: 'discard' }

export type TaskFinished =
  | { readonly as: 'branch'; readonly branch: string; readonly commit: string }
  | { readonly as: 'patch'; readonly files: readonly string[] }
  | { readonly as: 'discard' }

export interface Sessions {
  create(options?: Place & { readonly title?: string }): Promise<SessionInfo>
  /** Rejects with `unknown-session` or `foreign-folder`. */
  get(sessionID: string, place?: Place): Promise<SessionInfo>
  /** Root sessions of a folder, the latest changed first. */
  list(
    options?: Place & {
      /** 1 to 1,000; default 100. */
      readonly limit?: number
      /** Case-insensitive part of the title. */
      readonly search?: string
    },
  ): Promise<readonly SessionInfo[]>
  /** Ends what runs in it and deletes it with its children, for good. */
  delete(sessionID: string, place?: Place): Promise<void>
}

export interface SessionInfo {
  readonly id: string
  readonly title: string
  readonly folder: string
  readonly parentID?: string
  readonly created: number
  readonly updated: number
  readonly status: 'idle' | 'busy' | 'retrying'
}

export interface ApiCapabilities {
  /** Of the OpenCode server. */
  readonly serverVersion: string
  readonly agents: readonly AgentInfo[]
  readonly models: readonly ModelInfo[]
  /** What a request without agent and model uses now. */
  readonly defaults: { readonly agent?: string; readonly model?: ExecutionModel }
}

export interface AgentInfo {
  readonly name: string
  readonly description?: string
  /** Only `primary` and `all` may be named as `agent` of a request. */
  readonly mode: 'primary' | 'subagent' | 'all'
}

export interface ModelInfo {
  readonly providerID: string
  readonly modelID: string
  readonly name: string
  readonly variants: readonly string[]
  /** Kinds of attachment that it reads, e.g. `image`. */
  readonly inputs: readonly string[]
  /** Tokens; 0 when unknown. */
  readonly contextLimit: number
}

export interface Health {
  readonly status: 'stopped' | 'starting' | 'running' | 'stopping' | 'failed'
  /** Whether the event stream is up: runs can be followed. */
  readonly isOnline: boolean
  readonly serverVersion?: string
  /** Why it failed, for people. */
  readonly problem?: string
}

/** Compare codes; messages are sentences for people and may change. */
export type ApiErrorCode =
  | 'unsupported-version'
  | 'invalid-caller'
  | 'invalid-request'
  | 'no-prompt'
  | 'invalid-part'
  | 'invalid-timeout'
  | 'invalid-signal'
  | 'no-folder'
  /** The folder, or that of the session, is not in this window's workspace. */
  | 'foreign-folder'
  | 'unknown-agent'
  | 'unknown-model'
  | 'unknown-session'
  /** Something else runs in the session. */
  | 'session-busy'
  | 'task-limit'
  | 'unknown-task'
  | 'no-repository'
  | 'conflict'
  | 'nothing-changed'
  | 'untrusted'
  /** The user does not want your extension to use OpenCode. */
  | 'consent-denied'
  /** You cancelled it. */
  | 'cancelled'
  | 'timeout'
  /** The run was stopped elsewhere, most likely by the user in the chat. */
  | 'stopped'
  /** The window closes or reloads; what was not delivered yet never will be. */
  | 'window-closing'
  /** The server does not start, went down or was stopped. */
  | 'server-unavailable'
  | 'not-delivered'
  | 'session-deleted'
  /** The model provider or the server failed; `details` has the server's own words. */
  | 'run-failed'
  | 'internal'

export interface ApiError extends Error {
  readonly name: 'ApiError'
  readonly code: ApiErrorCode
  readonly executionID?: string
  readonly sessionID?: string
  /** For `run-failed`: what the server says, e.g. `ProviderAuthError`, and the HTTP status of the provider. */
  readonly details?: { readonly name: string; readonly status?: number; readonly isRetryable?: boolean }
}

export interface ApiErrorClass {
  readonly prototype: ApiError
  /** Not for you to construct. */
  new (code: ApiErrorCode, message: string): ApiError
}
