import type { ModelRef } from '../opencode/catalog.ts'
import type { BlockID, MessageID, RequestID, SessionID } from '../opencode/ids.ts'

/**
 * The neutral model of a session. No wire name stands here: each adapter below `client/` maps its
 * server's answers and events to these shapes. All times are epoch milliseconds, all paths are as the
 * server wrote them.
 */
export interface Session {
  readonly id: SessionID
  readonly title: string
  /** Whether the title is still the server's default, e.g. "New session - …". */
  readonly untitled: boolean
  readonly directory: string
  readonly parentID?: SessionID
  readonly created: number
  readonly updated: number
  readonly archived?: number
  readonly agent?: string
  readonly model?: ModelRef
  /** Messages from this one on are hidden (undone) until the next prompt drops them. */
  readonly revertedFrom?: MessageID
  /** With it the message `revertedFrom` itself stays, and is hidden from this block on. */
  readonly revertedBlock?: BlockID
  readonly shareUrl?: string
}

export interface Tokens {
  readonly input: number
  readonly output: number
  readonly reasoning: number
  readonly cacheRead: number
  readonly cacheWrite: number
}

/** Why a run or a provider call failed. */
export interface RunError {
  /** The server's name for it, e.g. `APIError`, `MessageAbortedError`. */
  readonly name: string
  readonly message: string
  /** `interrupted`: nobody said why the answer has no end; its server went down, most likely. */
  readonly kind: 'aborted' | 'interrupted' | 'auth' | 'rate-limit' | 'context-overflow' | 'provider' | 'other'
  /** HTTP status of the provider's answer. */
  readonly status?: number
  readonly retryable?: boolean
}

export type Message = UserMessage | AssistantMessage
/** A message without its blocks: what a header update carries. */
export type MessageHead = Omit<UserMessage, 'blocks'> | Omit<AssistantMessage, 'blocks'>

interface MessageBase {
  readonly id: MessageID
  readonly created: number
  readonly agent?: string
  readonly model?: ModelRef
  readonly blocks: readonly Block[]
}

export interface UserMessage extends MessageBase {
  readonly role: 'user'
  /** Absent once the server has it. `pending`: in our outbox; `failed`: given up until the user decides. */
  readonly delivery?: { readonly kind: 'pending' } | { readonly kind: 'failed'; readonly message: string }
  /** The conversation does not have it yet: it waits for its time. Absent once it was delivered. */
  readonly waits?: PromptDelivery
}

/** When a prompt joins the conversation: at the next step of the run, or when the run is over. */
export type PromptDelivery = 'steer' | 'queue'

export interface AssistantMessage extends MessageBase {
  readonly role: 'assistant'
  /** The user message that it answers, where the server says so; else it belongs to the one before it. */
  readonly promptID?: MessageID
  readonly completed?: number
  readonly finish?: string
  readonly error?: RunError
  /** US dollars. */
  readonly cost: number
  readonly tokens: Tokens
  /** Whether this is the summary that a compaction wrote. */
  readonly isSummary?: boolean
}

export type Block = TextBlock | ReasoningBlock | ToolBlock | FileBlock | NoticeBlock

export interface TextBlock {
  readonly type: 'text'
  readonly id: BlockID
  readonly text: string
  /** Whether more text may come. */
  readonly open: boolean
  /** Text for the model that the user did not type; hidden in the transcript. */
  readonly synthetic?: boolean
  /** Text was lost while the stream was down; cleared when the server sends the full text. */
  readonly gap?: boolean
}

export interface ReasoningBlock {
  readonly type: 'reasoning'
  readonly id: BlockID
  readonly text: string
  readonly open: boolean
  readonly started?: number
  readonly ended?: number
  readonly gap?: boolean
}

/** What a tool does, whatever its server calls it. */
export type ToolKind =
  | 'shell'
  | 'read'
  | 'edit'
  | 'write'
  | 'patch'
  | 'grep'
  | 'glob'
  | 'list'
  | 'fetch'
  | 'subagent'
  | 'todo'
  | 'question'
  | 'skill'
  | 'other'

export type ToolStatus = 'pending' | 'running' | 'completed' | 'failed' | 'interrupted'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

export interface ToolBlock {
  readonly type: 'tool'
  readonly id: BlockID
  /** What permission and question requests point to. */
  readonly callID: string
  /** The server's name of the tool, e.g. `bash` or `myserver_lookup`. */
  readonly name: string
  readonly kind: ToolKind
  readonly status: ToolStatus
  /** What it works on: a path, command, pattern, URL or description. One line. */
  readonly target?: string
  /** Extra to the target: "lines 1–40", "in src". */
  readonly scope?: string
  readonly input: { readonly [key: string]: Json }
  /** Output as text; while running the tail so far. Long output is cut at the front to `outputLimit`. */
  readonly output?: string
  /** Whether the block does not hold all of the output. */
  readonly outputCut?: boolean
  readonly error?: string
  readonly started?: number
  readonly ended?: number
  readonly exitCode?: number
  readonly files?: readonly FileChange[]
  /** What it gave back for the eye, e.g. a picture that was read. */
  readonly pictures?: readonly ToolPicture[]
  readonly todos?: readonly Todo[]
  readonly answers?: readonly (readonly string[])[]
  readonly childSessionID?: SessionID
}

export interface ToolPicture {
  /** Its place among all that the call gave back, from 0. */
  readonly index: number
  /** `image/…` */
  readonly mime: string
  readonly name?: string
  /** `data:` URL of a small picture; a bigger one is fetched when it is opened. */
  readonly preview?: string
}

/** Characters of tool output that a block holds at the most. */
export const outputLimit = 30_000

/** One changed file; `patch` is a unified diff and may be missing for binary or huge files. */
export interface FileChange {
  readonly path: string
  /** Where it was before, if the change moves it. */
  readonly movedFrom?: string
  readonly patch?: string
  readonly additions: number
  readonly deletions: number
  readonly status: 'added' | 'deleted' | 'modified'
}

/** A file that was part of a prompt or an answer. */
export interface FileBlock {
  readonly type: 'file'
  readonly id: BlockID
  readonly mime: string
  readonly name: string
  /** Path on the server, when it is a file there. */
  readonly path?: string
  /** 1-based, inclusive. */
  readonly lines?: { readonly start: number; readonly end: number }
  /** `data:` URL of a small image; anything else stays on the host. */
  readonly preview?: string
}

/** Something that happened between the parts of a conversation. */
export interface NoticeBlock {
  readonly type: 'notice'
  readonly id: BlockID
  /** `shell`: the message stands for a command line of the user's. */
  readonly notice: 'compaction' | 'agent' | 'subtask' | 'retry' | 'patch' | 'shell'
  readonly text: string
}

export type RunStatus =
  | { readonly kind: 'idle' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'retry'; readonly attempt: number; readonly message: string; readonly next: number }

export interface Todo {
  readonly content: string
  readonly status: 'pending' | 'in_progress' | 'completed' | 'cancelled'
}

export type Request = PermissionRequest | QuestionRequest

interface RequestBase {
  readonly id: RequestID
  /** The session that asks; may be a child of the one on screen. */
  readonly sessionID: SessionID
  readonly directory: string
  readonly callID?: string
}

export interface PermissionRequest extends RequestBase {
  readonly kind: 'permission'
  /** What is asked for: `edit`, `shell`, `external_directory`, … or an MCP tool's name. */
  readonly action: string
  readonly patterns: readonly string[]
  /** The rules that "Always allow" saves. */
  readonly always: readonly string[]
  readonly command?: string
  readonly path?: string
  /** Unified diff of the proposed edit; of all files where there are several. */
  readonly diff?: string
  /** What the edit would do, file by file; absent where the server does not say it. */
  readonly files?: readonly FileChange[]
}

export interface QuestionRequest extends RequestBase {
  readonly kind: 'question'
  readonly questions: readonly Question[]
}

export interface Question {
  readonly header: string
  readonly question: string
  readonly options: readonly { readonly label: string; readonly description?: string }[]
  readonly multiple: boolean
  /** Whether an own text may be given. */
  readonly custom: boolean
}

export type PermissionReply = 'once' | 'always' | 'reject'

/** What the user sends: one text and what goes with it. Ids are ours, so a lost answer can be repeated. */
export interface Prompt {
  readonly id: MessageID
  readonly created: number
  readonly parts: readonly PromptPart[]
  readonly agent?: string
  readonly model?: ModelRef
  /** Set when the prompt is no message but something for the server to run; its text then only shows it. */
  readonly run?: PromptRun
  /** `steer` when left out; a server without a queue of its own knows nothing else. */
  readonly delivery?: PromptDelivery
}

/** A command of the server's by name, or a line for its shell. The server makes the message of it. */
export type PromptRun =
  | { readonly kind: 'command'; readonly name: string; readonly arguments: string }
  | { readonly kind: 'shell'; readonly line: string }

export type PromptPart =
  | { readonly type: 'text'; readonly id: BlockID; readonly text: string; readonly synthetic?: boolean }
  | {
      /** A file that the server reads from its own disk when the prompt arrives. */
      readonly type: 'file'
      readonly id: BlockID
      /** Absolute, as the server sees it. */
      readonly path: string
      readonly name: string
      readonly mime: string
      /** 1-based, inclusive. */
      readonly lines?: { readonly start: number; readonly end: number }
    }
  | {
      /** Content that travels with the prompt: unsaved text, a selection, an image. */
      readonly type: 'inline'
      readonly id: BlockID
      readonly name: string
      readonly mime: string
      readonly base64: string
      readonly path?: string
      readonly lines?: { readonly start: number; readonly end: number }
    }
  | { readonly type: 'agent'; readonly id: BlockID; readonly name: string }
