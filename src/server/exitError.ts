import { LaunchError } from './launchError.ts'
import type { ServerExit } from './launcher.ts'

/** The error for a server that ended by itself: why, where its launcher knows it, else how. `what`: a sentence's begin. */
export function exitError(what: string, exit: ServerExit): LaunchError {
  const { reason, tail } = exit
  if (reason) return new LaunchError(reason.code, reason.message, { detail: reason.detail ?? tail })
  return new LaunchError('launch-failed', `${what} (${describeExit(exit)}).`, { detail: tail })
}

/** How a process ended, for a sentence. */
export function describeExit(exit: Pick<ServerExit, 'code' | 'signal'>): string {
  if (exit.signal !== null) return `ended by ${exit.signal}`
  return exit.code === null ? 'ended unexpectedly' : `exit code ${exit.code}`
}
