import type { KeyCheck } from './keyCheck.ts'

/** A model provider that the server knows. */
export interface ProviderInfo {
  readonly id: string
  readonly name: string
  /** Names of the environment variables that the server takes a key from; the first one that is set counts. */
  readonly environment: readonly string[]
  /** Where its credential comes from; undefined: it has none, and cannot be used. */
  readonly source: ProviderSource | undefined
  /** How a key can be checked without spending anything; undefined: not known. */
  readonly keyCheck: KeyCheck | undefined
}

export type ProviderSource =
  /** A key in the server's own store; the fingerprint (SHA-256 hex) tells ours from the user's. */
  | { readonly kind: 'key'; readonly fingerprint: string }
  /** A login in the server's own store. */
  | { readonly kind: 'login' }
  | { readonly kind: 'environment' }
  /** Named in the server's configuration, with a key or without needing one. */
  | { readonly kind: 'configuration' }
  /** Usable without a credential. */
  | { readonly kind: 'free' }

/** One way to log in to a provider in the browser. */
export interface LoginMethod {
  /** What the server counts it by. */
  readonly index: number
  readonly label: string
  readonly prompts: readonly LoginPrompt[]
}

interface LoginPromptBase {
  readonly key: string
  readonly message: string
  /** Ask only when the answer to another prompt is (or is not) this. */
  readonly when: { readonly key: string; readonly isValue: boolean; readonly value: string } | undefined
}

export type LoginPrompt =
  | (LoginPromptBase & { readonly kind: 'text'; readonly placeholder: string | undefined })
  | (LoginPromptBase & {
      readonly kind: 'choice'
      readonly options: readonly {
        readonly label: string
        readonly value: string
        readonly hint: string | undefined
      }[]
    })

export interface StartedLogin {
  /** To open in the browser. */
  readonly url: string
  /** The provider's own words, e.g. a code to compare. */
  readonly instructions: string
  /** The page ends with a code to paste; otherwise the server hears of it by itself. */
  readonly needsCode: boolean
}

/** Model providers of a server and logging in to them. Every method rejects with an OpencodeError. */
export interface Providers {
  /** Whether a changed key or login counts at once; otherwise when the server loads the folders anew. */
  readonly isEffectiveAtOnce: boolean
  /** All providers with the credentials of this moment. Slow (seconds) and large. */
  list(directory: string): Promise<readonly ProviderInfo[]>
  /** By provider id; a provider that is not in it takes only keys. */
  loginMethods(directory: string): Promise<ReadonlyMap<string, readonly LoginMethod[]>>
  /** A newer login of the same provider takes the place of an older one. Rejects with `login-failed`. */
  startLogin(
    directory: string,
    providerID: string,
    method: number,
    answers: Readonly<Record<string, string>>,
  ): Promise<StartedLogin>
  /**
   * Resolves when the server has stored the login; waits up to ten minutes for one without a code. After a
   * wrong code (`login-failed`) another one may be given.
   */
  finishLogin(
    directory: string,
    providerID: string,
    login: { readonly method: number; readonly code?: string },
    signal: AbortSignal,
  ): Promise<void>
  /** Has the server forget all that its store has for a provider, what the user put there included. */
  disconnect(providerID: string): Promise<void>
}
