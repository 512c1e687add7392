/** What to do after a crash: wait, start, and use the new policy for the next one. */
export interface RestartStep {
  readonly delayMs: number
  /** Which restart in a row this is, from 1. */
  readonly count: number
  readonly policy: RestartPolicy
}

/** Decides whether and when a crashed server is started again. Immutable: `next` gives the policy that follows. */
export interface RestartPolicy {
  /**
   * @param now Epoch milliseconds.
   * @param uptimeMs How long the server had been running, 0 if it did not come up.
   * @returns Undefined when it is better to give up.
   */
  next(now: number, uptimeMs: number): RestartStep | undefined
}

export interface BackoffLimits {
  readonly firstDelayMs: number
  readonly maxRestarts: number
  /** Restarts longer ago than this no longer count. */
  readonly windowMs: number
  /** A server that ran this long starts the count anew. */
  readonly healthyMs: number
}

const defaultLimits: BackoffLimits = {
  firstDelayMs: 1000,
  maxRestarts: 5,
  windowMs: 5 * 60_000,
  healthyMs: 2 * 60_000,
}

/** Waits 1, 2, 4, 8 and 16 seconds, and gives up after five restarts within five minutes. */
export function backoffRestarts(limits: Partial<BackoffLimits> = {}): RestartPolicy {
  return policyAfter([], { ...defaultLimits, ...limits })
}

function policyAfter(earlier: readonly number[], limits: BackoffLimits): RestartPolicy {
  return {
    next(now, uptimeMs) {
      const recent =
        uptimeMs >= limits.healthyMs ? [] : earlier.filter((time) => now - time < limits.windowMs)
      if (recent.length >= limits.maxRestarts) return undefined
      return {
        delayMs: limits.firstDelayMs * 2 ** recent.length,
        count: recent.length + 1,
        policy: policyAfter([...recent, now], limits),
      }
    },
  }
}
