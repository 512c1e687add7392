import { HttpStatusError } from '../../client/http/httpErrors.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { ErrorCode } from '../../opencode/errors.ts'

/** Failures that pass by themselves; any other needs somebody to decide. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'aborted',
  'busy',
  'channel-closed',
  'conflict',
  'connection-lost',
  'connection-refused',
  'not-running',
  'rate-limited',
  'server-error',
  'timeout',
])

export function isTransient(error: unknown): boolean {
  return error instanceof OpencodeError && passing.has(error.code)
}

export interface RetryTiming {
  readonly firstMs: number
  readonly maxMs: number
}

export const defaultRetry: RetryTiming = { firstMs: 500, maxMs: 30_000 }

/** How long to wait after the failure number `attempt` (from 0): exponential with jitter, or what the server asked. */
export function retryDelay(error: unknown, attempt: number, timing: RetryTiming = defaultRetry): number {
  const delay =
    Math.min(timing.maxMs, timing.firstMs * 2 ** Math.min(attempt, 20)) * (0.5 + Math.random() / 2)
  const asked = error instanceof HttpStatusError ? (error.retryAfterMs ?? 0) : 0
  return Math.max(delay, asked)
}
