/** Shapes of the 2.x wire as the scripted server keeps and sends them. */
export type Data = Record<string, unknown>

export interface ModelRef {
  readonly id: string
  readonly providerID: string
  readonly variant?: string
}

export interface SessionInfo {
  readonly id: string
  parentID?: string
  readonly projectID: string
  fork?: Data
  title?: string
  agent?: string
  model?: ModelRef
  cost: number
  tokens: Tokens
  outcome?: Outcome
  readonly time: { created: number; updated: number; idle?: number; viewed?: number }
  location: { directory: string }
  metadata?: Data
  permissions?: readonly Rule[]
  revert?: Revert
}

export interface Revert {
  readonly messageID: string
  readonly files?: readonly FileDiff[]
}

export type Outcome = 'succeeded' | 'failed' | 'interrupted'

export interface Rule {
  readonly action: string
  readonly resource: string
  readonly effect: 'allow' | 'deny' | 'ask'
}

export interface Tokens {
  readonly input: number
  readonly output: number
  readonly reasoning: number
  readonly cache: { readonly read: number; readonly write: number }
}

export interface FileDiff {
  readonly file: string
  readonly patch: string
  readonly additions: number
  readonly deletions: number
  readonly status: 'added' | 'deleted' | 'modified'
}

export interface Message extends Data {
  readonly id: string
  readonly type: string
  readonly time: { created: number; streamed?: number; completed?: number }
  content?: Content[]
}

export type Content = TextContent | ToolContent

export interface TextContent {
  readonly type: 'text' | 'reasoning'
  text: string
  time?: { created: number; completed?: number }
}

export interface ToolContent {
  readonly type: 'tool'
  readonly id: string
  readonly name: string
  state: Data
  readonly time: { created: number; ran?: number; completed?: number }
}

export interface WireError {
  readonly type: string
  readonly message: string
  readonly status?: number
}

export type Delivery = 'steer' | 'queue'

export interface InboxItem {
  readonly id: string
  readonly sessionID: string
  readonly time: { readonly created: number }
  readonly type: 'user' | 'synthetic' | 'compaction'
  readonly payload: Data
  delivery: Delivery
}

/** Refuses a request the way the server does. */
export class Refusal extends Error {
  readonly status: number
  readonly tag: string
  readonly more: Data

  constructor(status: number, tag: string, message: string, more: Data = {}) {
    super(message)
    this.status = status
    this.tag = tag
    this.more = more
  }
}

export const noTokens: Tokens = { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } }

export function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function textIn(data: Data, key: string): string | undefined {
  const value = data[key]
  return typeof value === 'string' ? value : undefined
}
