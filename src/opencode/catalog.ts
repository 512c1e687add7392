/** A model by name; `variant` is the thinking effort or similar, by the name the server lists. */
export interface ModelRef {
  readonly providerID: string
  readonly modelID: string
  readonly variant?: string
}

/** A model that a session can use now. */
export interface Model {
  readonly providerID: string
  readonly providerName: string
  readonly modelID: string
  readonly name: string
  readonly reasoning: boolean
  /** Kinds of attachment the model reads, e.g. `image`, `pdf`. */
  readonly inputs: readonly string[]
  readonly variants: readonly string[]
  /** Tokens; 0 when the server does not say. */
  readonly contextLimit: number
  readonly outputLimit: number
  /** US dollars per million tokens. */
  readonly cost?: { readonly input: number; readonly output: number }
}

export interface Agent {
  readonly name: string
  readonly description?: string
  readonly mode: 'primary' | 'subagent' | 'all'
  readonly color?: string
  readonly model?: ModelRef
}

/** A server command that `/name` runs. */
export interface Command {
  readonly name: string
  readonly description?: string
  /** Where it comes from: a file or the configuration, a skill, or a prompt of an MCP server. */
  readonly source?: 'command' | 'skill' | 'mcp'
}

/** What can be picked in the composer; hidden agents are left out. */
export interface Catalog {
  readonly agents: readonly Agent[]
  readonly models: readonly Model[]
  readonly commands: readonly Command[]
  readonly defaultModel?: ModelRef
  readonly defaultAgent?: string
  /** The configuration forbids to share sessions. */
  readonly isSharingOff?: boolean
}
