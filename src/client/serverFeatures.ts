/** An MCP server as the OpenCode server sees it. */
export interface McpServer {
  readonly name: string
  /** `needs-registration`: its login needs a client id in the configuration. */
  readonly status: 'connected' | 'disabled' | 'failed' | 'needs-login' | 'needs-registration' | 'other'
  /** What went wrong, in the server's words. */
  readonly error?: string
  /** The id to log in to it with, where the server treats it like a provider (`Providers`). */
  readonly loginID?: string
}

export type NewMcpServer =
  | { readonly kind: 'local'; readonly command: readonly string[] }
  | {
      readonly kind: 'remote'
      readonly url: string
      /** Sent with each request; with them no login is tried. */
      readonly headers?: Readonly<Record<string, string>>
    }

export interface LanguageServer {
  readonly name: string
  /** The folder that it works in. */
  readonly root: string
  readonly isConnected: boolean
}

export interface Formatter {
  readonly name: string
  /** With their dots. */
  readonly extensions: readonly string[]
  readonly isEnabled: boolean
}

export interface Skill {
  readonly name: string
  readonly description?: string
  /** Path of its file; undefined for one that OpenCode brings along. */
  readonly path?: string
}

/** The last rule that fits decides. */
export interface PermissionRule {
  /** What is asked for, e.g. `bash`; `*` is everything. */
  readonly permission: string
  readonly pattern: string
  readonly action: 'allow' | 'ask' | 'deny'
}

/** What a server has in a directory besides sessions. Every method rejects with an OpencodeError. */
export interface ServerFeatures {
  mcpServers(directory: string): Promise<readonly McpServer[]>
  /** Resolves when it was tried; `mcpServers` says how it went. Rejects with `not-found`. */
  connectMcp(directory: string, name: string): Promise<void>
  disconnectMcp(directory: string, name: string): Promise<void>
  /**
   * Logs in to a remote MCP server; the OpenCode server opens the browser on its own machine and waits for it.
   * Rejects with `login-failed` where the MCP server has no login.
   */
  logInToMcp(directory: string, name: string, signal: AbortSignal): Promise<void>
  /** Until the server stops; what is to stay belongs into the configuration. */
  addMcp(directory: string, name: string, server: NewMcpServer): Promise<void>
  languageServers(directory: string): Promise<readonly LanguageServer[]>
  formatters(directory: string): Promise<readonly Formatter[]>
  skills(directory: string): Promise<readonly Skill[]>
  /** The rules of an agent in force, the server's own first. */
  permissionRules(directory: string, agent: string): Promise<readonly PermissionRule[]>
}
