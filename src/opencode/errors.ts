/**
 * What went wrong, as a stable word. Codes cross to the webview and are what callers compare;
 * message texts are for people only.
 */
export type ErrorCode =
  | 'aborted'
  | 'bad-response'
  | 'binary-not-found'
  | 'busy'
  | 'channel-closed'
  | 'cluster-unreachable'
  | 'config-invalid'
  | 'conflict'
  | 'connection-lost'
  | 'connection-refused'
  | 'consent-required'
  | 'disk-full'
  | 'engine-not-found'
  | 'engine-not-running'
  | 'forbidden'
  | 'git-not-found'
  | 'image-failed'
  | 'image-missing'
  | 'internal'
  | 'invalid-argument'
  | 'invalid-id'
  | 'invalid-params'
  | 'kubectl-not-found'
  | 'launch-failed'
  | 'login-failed'
  | 'limit-reached'
  | 'mount-failed'
  | 'no-folder'
  | 'no-repository'
  | 'not-found'
  | 'not-running'
  | 'out-of-memory'
  | 'port-taken'
  | 'profile-invalid'
  | 'rate-limited'
  | 'redirect-refused'
  | 'server-error'
  | 'server-killed'
  | 'template-invalid'
  | 'timeout'
  | 'tls'
  | 'too-large'
  | 'unauthorized'
  | 'unknown-method'
  | 'unsupported'
  | 'untrusted'
  | 'version-too-old'

/** The root of all errors that this extension throws on purpose. */
export class OpencodeError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'OpencodeError'
    this.code = code
  }
}

/** An error as plain data: what may cross to the webview, the status bar or a log. Never holds a secret. */
export interface ErrorInfo {
  readonly code: ErrorCode
  /** One or two sentences: what happened and what to do. */
  readonly message: string
  /** Longer text for a fold-out: the last lines of stderr, a redacted body. */
  readonly detail?: string
  /** The place of a mistake in a file of the server. */
  readonly place?: FilePlace
}

export interface FilePlace {
  /** Absolute, as the server sees it. */
  readonly path: string
  /** 1-based. */
  readonly line?: number
  readonly column?: number
}

/** Turns anything thrown into data; unknown things become code `internal`. */
export function toErrorInfo(error: unknown): ErrorInfo {
  if (error instanceof OpencodeError) {
    const { detail, place } = error as { detail?: unknown; place?: FilePlace }
    return {
      code: error.code,
      message: error.message,
      ...(typeof detail === 'string' ? { detail } : {}),
      ...(place ? { place } : {}),
    }
  }
  if (isAbort(error)) return { code: 'aborted', message: 'Cancelled.' }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) }
}

/** Whether a thrown value only says that somebody cancelled. */
export function isAbort(error: unknown): boolean {
  return error instanceof OpencodeError
    ? error.code === 'aborted'
    : error instanceof Error && error.name === 'AbortError'
}
