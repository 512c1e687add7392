import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientLog, Endpoint } from '../../client/connection.ts'
import { ServerProbe } from '../../client/serverProbe.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { ErrorCode } from '../../opencode/errors.ts'
import { AttachLauncher } from '../attachLauncher.ts'
import type { ServerExit, ServerHandle, ServerLauncher } from '../launcher.ts'
import { readRegistration, registrationPath } from './registration.ts'
import type { Registration } from './registration.ts'

export interface ServiceLauncherOptions {
  /** Says where the service is registered. */
  readonly env: NodeJS.ProcessEnv
  readonly log: ClientLog
  /** Default 3 s. */
  readonly answerMs?: number
  /** How often it is looked whether the service has moved. Default 2 s. */
  readonly watchMs?: number
}

/**
 * Uses the background service of OpenCode 2, which belongs to the user and serves the terminal too. It is neither
 * started nor stopped here, and believed only when the process that answers is the one that is registered. When it
 * comes back as another process, perhaps on another port, its handle counts as ended to make room for that one.
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
    const handle = await new AttachLauncher(endpoint).launch(signal)
    const left = new AbortController()
    const exited = this.#whenMoved(path, registration, left.signal).then((): ServerExit => {
      this.#options.log.info('server: the OpenCode service runs as another process now')
      return { code: null, signal: null, tail: '', intent: 'restart' }
    })
    const stop = (): Promise<void> => {
      left.abort()
      return Promise.resolve()
    }
    return { ...handle, exited, stop }
  }

  /** Resolves when another process is registered and answers; never after the signal. */
  async #whenMoved(path: string, known: Registration, signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.#options.watchMs ?? 2_000, undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return new Promise<never>(() => undefined)
      const now = await readRegistration(path)
      if (!now || (now.pid === known.pid && now.url === known.url)) continue
      const endpoint = { url: now.url, username: 'opencode', password: now.password }
      const isThere = await this.#check(now, endpoint, signal).then(
        () => true,
        () => false,
      )
      if (isThere) return
    }
  }

  async #check({ pid, version }: Registration, endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    const { log, answerMs = 3_000 } = this.#options
    const probe = await ServerProbe.open(endpoint, log)
    try {
      const found = await probe.identify({ timeoutMs: answerMs, signal })
      if (found.pid !== pid || (version !== undefined && found.version !== version))
        throw notRunning('What answers in the place of the OpenCode service is another server.')
    } catch (error) {
      const sentence = error instanceof OpencodeError ? silences[error.code] : undefined
      throw sentence === undefined ? error : notRunning(sentence)
    } finally {
      await probe.close()
    }
  }
}

const silent = 'The OpenCode service is registered, but does not answer.'

/** Nobody entered a password for the service, so nobody is asked for another one. */
const silences: { readonly [code in ErrorCode]?: string } = {
  'connection-refused': silent,
  timeout: silent,
  unauthorized: 'What answers in the place of the OpenCode service refuses the password of its registration.',
}

function notRunning(what: string): OpencodeError {
  const advice =
    'Run "opencode service start" in a terminal, or set "opencodeSessions.server.openCode2" to "own".'
  return new OpencodeError('not-running', `${what} ${advice}`)
}
