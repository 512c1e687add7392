import * as vscode from 'vscode'
import type { Connection } from '../client/connection.ts'
import { OpencodeError } from '../opencode/errors.ts'
import type { Settings } from '../platform/settings.ts'
import type { ServerManager } from '../server/serverManager.ts'

/** The one door to a running server: asks for trust, starts on demand, and respects a stop by hand. */
export class ServerAccess {
  readonly #server: ServerManager
  readonly #settings: Settings
  readonly #leave: () => Promise<void>
  #isStoppedByHand = false

  /** `leave` runs before a running server is stopped on purpose, and has time. */
  constructor(server: ServerManager, settings: Settings, leave: () => Promise<void>) {
    this.#server = server
    this.#settings = settings
    this.#leave = leave
  }

  /** @throws OpencodeError `untrusted`, or why the server did not come up */
  async ensure(): Promise<Connection> {
    checkTrust()
    this.#isStoppedByHand = false
    return this.#server.connection ?? this.#server.start()
  }

  async restart(): Promise<Connection> {
    checkTrust()
    this.#isStoppedByHand = false
    await this.#leave()
    return this.#server.restart()
  }

  async stop(): Promise<void> {
    this.#isStoppedByHand = true
    await this.#leave()
    await this.#server.stop()
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

function checkTrust(): void {
  if (vscode.workspace.isTrusted) return
  throw new OpencodeError(
    'untrusted',
    vscode.l10n.t(
      'This workspace is in Restricted Mode. OpenCode can run code, so it starts only in a trusted workspace.',
    ),
  )
}
