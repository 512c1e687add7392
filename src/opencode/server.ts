import type { ErrorInfo } from './errors.ts'

/** Where a server comes from. */
export type ServerOrigin = 'managed' | 'attached'

/** Whether the event stream of a running server is up. Times are epoch milliseconds. */
export type LinkState =
  | { readonly kind: 'online' }
  | { readonly kind: 'reconnecting'; readonly since: number; readonly retryAt: number | undefined }

/** A server of ours that several windows can use at once. */
export interface ServerSharing {
  /** How many use it at this moment, this one included. */
  readonly windows: number
  /** It ran already when this window came. */
  readonly isAdopted: boolean
}

/** The life of the server that this window uses; drives the status bar, the views and the commands. */
export type ServerStatus =
  | { readonly kind: 'stopped' }
  | {
      readonly kind: 'starting'
      readonly since: number
      readonly restart: number
      /** Why it has to be started again. */
      readonly cause?: ErrorInfo
    }
  | {
      readonly kind: 'running'
      readonly origin: ServerOrigin
      readonly version: string
      /** Without credentials. */
      readonly url: string
      readonly link: LinkState
      /** Missing for a server that this window alone may use. */
      readonly sharing?: ServerSharing
    }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'failed'; readonly error: ErrorInfo }

/** What a server can do; the UI greys out the rest and says why. */
export interface Capabilities {
  /** Whether keys and logins of providers can be listed one by one. */
  readonly accounts: boolean
  readonly archive: boolean
  /** Whether running tools can be left to themselves, listed and stopped. */
  readonly background: boolean
  /** Whether what is undone can be dropped for good without a prompt. */
  readonly commitUndo: boolean
  readonly deleteMessage: boolean
  /** Whether the commands of a session can have environment variables of their own. */
  readonly environment: boolean
  readonly fork: boolean
  readonly formatters: boolean
  /** Whether the course of a session is kept and can be read. */
  readonly journal: boolean
  readonly languageServers: boolean
  /** Whether a single step of an answer can be undone, with all behind it. */
  readonly partialUndo: boolean
  /** Whether the server itself keeps prompts until the run is over. */
  readonly queue: boolean
  readonly revert: boolean
  readonly savedPermissions: boolean
  readonly share: boolean
  /** Whether a prompt can be sent into a run knowingly, and taken back until it joined. */
  readonly steer: boolean
  readonly symbolSearch: boolean
  readonly textSearch: boolean
  readonly todos: boolean
  /** Whether tool input arrives while the model writes it. */
  readonly toolInputStream: boolean
  readonly turnDiff: boolean
  readonly versionControl: boolean
  readonly worktrees: boolean
}
