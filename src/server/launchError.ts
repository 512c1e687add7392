import { type ErrorCode, OpencodeError } from '../opencode/errors.ts'

/** A server that did not come up, or went down. `detail` holds what it printed last, without secrets. */
export class LaunchError extends OpencodeError {
  readonly detail: string

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly detail: string; readonly cause?: unknown },
  ) {
    super(code, message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'LaunchError'
    this.detail = options.detail
  }
}

/** The error for something that was called off. */
export function abortedError(): OpencodeError {
  return new OpencodeError('aborted', 'Cancelled.')
}
