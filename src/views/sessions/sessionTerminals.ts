import * as vscode from 'vscode'
import type { Endpoint } from '../../client/connection.ts'
import { pathsOf } from '../../client/paths/mappedConnection.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { Session } from '../../session/model.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { LocalProgram } from '../../profiles/program.ts'
import type { Backend } from '../backend/backends.ts'

interface Shown {
  readonly sessionID: SessionID
  readonly directory: string
}

/**
 * Terminals that run OpenCode's own interface on a session and server of a chat. The password goes there by the
 * environment of that one process: no shell sees it, and VS Code does not keep the terminal over a reload.
 */
export class SessionTerminals implements Disposable {
  readonly #store = new DisposableStore()
  readonly #shown = new Map<vscode.Terminal, Shown>()

  constructor() {
    this.#store.add(vscode.window.onDidCloseTerminal((terminal) => this.#shown.delete(terminal)))
  }

  /** The session of a terminal of ours: of the active one, else of the one opened last. */
  get current(): (Shown & { readonly terminal: vscode.Terminal }) | undefined {
    const active = vscode.window.activeTerminal
    const terminal = active && this.#shown.has(active) ? active : [...this.#shown.keys()].at(-1)
    const shown = terminal && this.#shown.get(terminal)
    return shown && { ...shown, terminal }
  }

  /** @throws OpencodeError `not-running`, or why there is no `opencode` on this machine */
  async open(session: Session, backend: Backend, program: LocalProgram): Promise<void> {
    const known = [...this.#shown].find(([, { sessionID }]) => sessionID === session.id)?.[0]
    if (known) {
      known.show()
      return
    }
    const connection = await backend.access.ensure()
    const { endpoint } = backend.server
    if (!endpoint)
      throw new OpencodeError(
        'not-running',
        vscode.l10n.t('The OpenCode server is not running. Start it and try again.'),
      )
    const binary = await program.binary()
    const terminal = vscode.window.createTerminal({
      name: `OpenCode: ${session.title}`,
      iconPath: new vscode.ThemeIcon('comment-discussion'),
      cwd: session.directory,
      shellPath: binary.path,
      shellArgs: attachArguments(endpoint.url, session.id, pathsOf(connection).toServer(session.directory)),
      env: { ...loginOf(endpoint), ...(binary.searchPath === undefined ? {} : { PATH: binary.searchPath }) },
      isTransient: true,
    })
    this.#shown.set(terminal, { sessionID: session.id, directory: session.directory })
    terminal.show()
  }

  dispose(): void {
    this.#store.dispose()
  }
}

/** No secret stands among them: everybody on the machine can read them. */
function attachArguments(url: string, sessionID: SessionID, directory: string): string[] {
  return ['attach', url, '--session', sessionID, '--dir', directory]
}

function loginOf({ username, password }: Endpoint): Record<string, string> {
  return {
    OPENCODE_SERVER_USERNAME: username,
    OPENCODE_SERVER_PASSWORD: password,
    OPENCODE_PASSWORD: password,
  }
}
