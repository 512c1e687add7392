import * as vscode from 'vscode'
import type { Connection } from '../../client/connection.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { Settings } from '../../platform/settings.ts'
import type { ServerManager } from '../../server/serverManager.ts'

/** What happens before a running server is left on purpose; both have time. */
export interface Leaving {
  /** Takes our keys out of it, because it ends for all who use it. */
  withdraw(): Promise<void>
  /** Leaves it for good in good order. */
  end(): Promise<void>
}

/** The one door to a running server: asks for trust, starts on demand, and respects a stop by hand. */
export class ServerAccess {
  readonly #server: ServerManager
  readonly #settings: Settings
  readonly #leaving: Leaving
  #isStoppedByHand = false

  constructor(server: ServerManager, settings: Settings, leaving: Leaving) {
    this.#server = server
    this.#settings = settings
    this.#leaving = leaving
  }

  /** @throws OpencodeError `untrusted`, or why the server did not come up */
  async ensure(): Promise<Connection> {
    checkTrust()
    this.#isStoppedByHand = false
    return this.#server.connection ?? this.#server.start()
  }

  /** Starts the server anew, for all windows that share it. */
  async restart(): Promise<Connection> {
    checkTrust()
    this.#isStoppedByHand = false
    await this.#leaving.withdraw()
    return this.#server.restart()
  }

  /** Stops the server, for all windows that share it. */
  async stop(): Promise<void> {
    this.#isStoppedByHand = true
    await this.#leaving.withdraw()
    await this.#server.stop()
  }

  /** Lets go of a server that is shared, so that others can go on with it; stops any other one. */
  async leave(): Promise<void> {
    this.#isStoppedByHand = true
    await this.#leaving.end()
  }

  /** Goes over to the server that is picked now. */
  async change(): Promise<Connection> {
    checkTrust()
    this.#isStoppedByHand = false
    await this.#leaving.end()
    return this.#server.start()
  }

  /** Called when a chat comes into sight. A failure shows in the chat and in the status bar. */
  autoStart(): void {
    const isWanted =
      vscode.workspace.isTrusted && this.#settings.serverAutoStart.value && !this.#isStoppedByHand
    const hasFolder = vscode.workspace.workspaceFolders?.some(({ uri }) => uri.scheme === 'file') === true
    if (!isWanted || !hasFolder || this.#server.status.kind !== 'stopped') return
    void this.#server.start().catch(() => undefined)
  }
}

/** @throws OpencodeError `untrusted` in Restricted Mode */
export function checkTrust(): void {
  if (vscode.workspace.isTrusted) return
  throw new OpencodeError(
    'untrusted',
    vscode.l10n.t(
      'This workspace is in Restricted Mode. OpenCode can run code, so it starts only in a trusted workspace.',
    ),
  )
}
