import { mkdir } from 'node:fs/promises'
import type { PathRule } from '../../client/paths/pathMap.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { ServerHandle, ServerLauncher } from '../launcher.ts'
import { PortForward, type PortForwardOptions } from './portForward.ts'

export interface KubernetesLauncherOptions extends PortForwardOptions {
  readonly username: string
  /** Asked anew for each start; empty: none is known. */
  readonly password: () => Promise<string>
  readonly pathRules: readonly PathRule[]
}

/** A server in a cluster that somebody else runs: we bring up the way to it. */
export class KubernetesLauncher implements ServerLauncher {
  readonly origin = 'attached'
  readonly #options: KubernetesLauncherOptions

  constructor(options: KubernetesLauncherOptions) {
    this.#options = options
  }

  async launch(signal: AbortSignal): Promise<ServerHandle> {
    const { target, username, pathRules, supervisor } = this.#options
    if (!/^(?:pod|service|deployment)\/[a-z0-9.-]+$/.test(target)) {
      throw new OpencodeError(
        'invalid-argument',
        `"${target}" is no pod/NAME, service/NAME or deployment/NAME. Correct the profile of the server.`,
      )
    }
    await mkdir(supervisor.cwd, { recursive: true, mode: 0o700 })
    const password = await this.#options.password()
    const forward = await PortForward.open(this.#options, signal)
    return {
      origin: this.origin,
      endpoint: { url: `http://127.0.0.1:${forward.port}`, username, password, pathRules },
      exited: forward.closed,
      // Others use that server too: it is told nothing when we leave.
      setFarewell: () => undefined,
      stop: () => forward.stop(),
    }
  }
}
