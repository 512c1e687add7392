import { wireOf } from '../../opencode/version.ts'
import type { Binary } from '../binary/binary.ts'
import type { ServerHandle, ServerLauncher } from '../launcher.ts'

export interface Choice {
  readonly binary: () => Promise<Binary>
  readonly own: ServerLauncher
  readonly service: ServerLauncher
}

/** For a program whose service is preferred: 1.x has none, so what is installed decides at each start. */
export class ChoosingLauncher implements ServerLauncher {
  readonly origin = 'managed'
  readonly #choice: Choice

  constructor(choice: Choice) {
    this.#choice = choice
  }

  async launch(signal: AbortSignal): Promise<ServerHandle> {
    const { binary, own, service } = this.#choice
    const { version } = await binary()
    return (wireOf(version) === 2 ? service : own).launch(signal)
  }
}
