import type * as api from '../../api/index.d.ts'
import { OpencodeError, isAbort } from '../opencode/errors.ts'
import type { ErrorCode } from '../opencode/errors.ts'

export interface ApiErrorOptions {
  readonly cause?: unknown
  readonly executionID?: string
  readonly sessionID?: string
  readonly details?: NonNullable<api.ApiError['details']>
}

/** What other extensions get to see of a failure. */
export class ApiError extends Error implements api.ApiError {
  override readonly name = 'ApiError'
  readonly code: api.ApiErrorCode
  readonly executionID?: string
  readonly sessionID?: string
  readonly details?: NonNullable<api.ApiError['details']>

  constructor(code: api.ApiErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.executionID !== undefined) this.executionID = options.executionID
    if (options.sessionID !== undefined) this.sessionID = options.sessionID
    if (options.details) this.details = options.details
  }

  /** The same error with the execution that it ended. */
  of(executionID: string, sessionID: string | undefined): ApiError {
    const { cause, code, message, details } = this
    const place = { executionID, ...(sessionID === undefined ? {} : { sessionID }) }
    return new ApiError(code, message, { cause, ...place, ...(details ? { details } : {}) })
  }
}

/** Our codes in the words of the API; what is not listed means that the server cannot be used. */
const codes: Partial<Record<ErrorCode, api.ApiErrorCode>> = {
  internal: 'internal',
  'invalid-id': 'unknown-session',
  'not-found': 'unknown-session',
  'no-folder': 'no-folder',
  untrusted: 'untrusted',
}

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (isAbort(error)) return new ApiError('server-unavailable', 'The OpenCode server was stopped.')
  if (error instanceof OpencodeError) {
    return new ApiError(codes[error.code] ?? 'server-unavailable', error.message, { cause: error })
  }
  return new ApiError('internal', error instanceof Error ? error.message : String(error), { cause: error })
}
