import { abortedError } from './launchError.ts'
import type { Endpoint } from '../client/connection.ts'
import type { ServerHandle, ServerLauncher } from './launcher.ts'

/** Uses a server that somebody else runs. Whether it answers is found out by the connection. */
export class AttachLauncher implements ServerLauncher {
  readonly origin = 'attached'
  readonly #endpoint: Endpoint

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
  }

  launch(signal: AbortSignal): Promise<ServerHandle> {
    if (signal.aborted) return Promise.reject(abortedError())
    return Promise.resolve({
      origin: this.origin,
      endpoint: this.#endpoint,
      exited: new Promise<never>(() => undefined),
      // Others use that server too: it is told nothing when we leave.
      setFarewell: () => undefined,
      stop: () => Promise.resolve(),
    })
  }
}
