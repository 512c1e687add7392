import type { ClientLog, Endpoint } from '../../client/connection.ts'
import { ServerProbe } from '../../client/serverProbe.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import { AttachLauncher } from '../attachLauncher.ts'
import type { ServerHandle, ServerLauncher } from '../launcher.ts'
import { readRegistration, registrationPath } from './registration.ts'
import type { Registration } from './registration.ts'

export interface ServiceLauncherOptions {
  /** Says where the service is registered. */
  readonly env: NodeJS.ProcessEnv
  readonly log: ClientLog
  /** Default 3 s. */
  readonly answerMs?: number
}

/**
 * Uses the background service of OpenCode 2, which belongs to the user and serves the terminal too. It is neither
 * started nor stopped here, and believed only when the process that answers is the one that is registered.
 */
export class ServiceLauncher implements ServerLauncher {
  readonly origin = 'attached'
  readonly #options: ServiceLauncherOptions

  constructor(options: ServiceLauncherOptions) {
    this.#options = options
  }

  /** @throws OpencodeError `not-running` when no service answers, or another one than the registered one */
  async launch(signal: AbortSignal): Promise<ServerHandle> {
    const path = registrationPath(this.#options.env)
    const registration = await readRegistration(path)
    if (!registration) throw notRunning('No OpenCode service is registered on this machine.')
    const { url, password } = registration
    const endpoint = { url, username: 'opencode', password }
    await this.#check(registration, endpoint, signal)
    this.#options.log.info(`server: using the OpenCode service at ${url} (pid ${registration.pid})`)
    return new AttachLauncher(endpoint).launch(signal)
  }

  async #check({ pid, version }: Registration, endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    const { log, answerMs = 3_000 } = this.#options
    const probe = await ServerProbe.open(endpoint, log)
    try {
      const found = await probe.identify({ timeoutMs: answerMs, signal })
      if (found.pid !== pid || (version !== undefined && found.version !== version))
        throw notRunning('What answers in the place of the OpenCode service is another server.')
    } catch (error) {
      const isSilent =
        error instanceof OpencodeError && ['connection-refused', 'timeout'].includes(error.code)
      throw isSilent ? notRunning('The OpenCode service is registered, but does not answer.') : error
    } finally {
      await probe.close()
    }
  }
}

function notRunning(what: string): OpencodeError {
  const advice =
    'Run "opencode service start" in a terminal, or set "opencodeSessions.server.openCode2" to "own".'
  return new OpencodeError('not-running', `${what} ${advice}`)
}
