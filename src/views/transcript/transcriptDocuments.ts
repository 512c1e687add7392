import * as vscode from 'vscode'
import type { SessionID } from '../../opencode/ids.ts'
import { sessionToMarkdown } from '../../session/markdown.ts'
import type { Session } from '../../session/model.ts'
import type { SessionStore } from '../../sync/sessionHub.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backends } from '../backend/backends.ts'
import { WholeSession } from './wholeSession.ts'

const transcriptScheme = 'opencode-session'
/** A stream must not make the document jump with every word. */
const refreshMs = 1_500

/** Where the last known text of a transcript is kept, for when no server answers. */
export interface TranscriptFiles {
  read(sessionID: SessionID): Promise<string | undefined>
  write(sessionID: SessionID, text: string): Promise<void>
}

interface OpenTranscript extends Disposable {
  readonly store: SessionStore
  readonly whole: WholeSession
  /** Resolves when all messages are there, or cannot be had. */
  readonly loaded: Promise<unknown>
}

/**
 * Sessions as read-only Markdown documents: outline, find, fold, screen readers and copying work as in any
 * file. A document follows its session while it is open, and shows the last known text without a server.
 */
export class TranscriptDocuments implements Disposable {
  readonly #backends: Backends
  readonly #files: TranscriptFiles
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<vscode.Uri>())
  readonly #open = new Map<string, OpenTranscript>()

  constructor(backends: Backends, files: TranscriptFiles) {
    this.#backends = backends
    this.#files = files
    this.#store.add(
      vscode.workspace.registerTextDocumentContentProvider(transcriptScheme, {
        onDidChange: this.#onDidChange.event,
        provideTextDocumentContent: (uri) => this.#text(uri),
      }),
    )
    this.#store.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#close(uri)))
  }

  async show(session: Pick<Session, 'id' | 'title' | 'directory'>): Promise<void> {
    const document = await vscode.workspace.openTextDocument(uriOf(session))
    await vscode.window.showTextDocument(document, { preview: true })
  }

  dispose(): void {
    for (const open of this.#open.values()) open.dispose()
    this.#open.clear()
    this.#store.dispose()
  }

  async #text(uri: vscode.Uri): Promise<string> {
    const { sessionID, directory } = placeOf(uri)
    const open = this.#opened(uri, sessionID, directory)
    await open.loaded
    const { state } = open.store
    if (!state) {
      const known = await this.#files.read(sessionID)
      return known ?? vscode.l10n.t('This session is not known here. Start the server and open it again.')
    }
    const messages = open.whole.with(state.messages)
    const exported = vscode.l10n.t('{0}, read-only', state.session.directory)
    const text = sessionToMarkdown({ session: state.session, messages }, { exported })
    if (state.status.kind === 'idle') await this.#files.write(sessionID, text)
    return text
  }

  #opened(uri: vscode.Uri, sessionID: SessionID, directory: string): OpenTranscript {
    const key = uri.toString()
    const known = this.#open.get(key)
    if (known) return known
    const { hub } = this.#backends.for(directory)
    const disposables = new DisposableStore()
    const store = disposables.add(hub.open(sessionID, directory))
    const whole = new WholeSession(sessionID)
    const { connection } = hub
    const loaded = Promise.all([
      connection ? whole.load(connection).catch(() => undefined) : undefined,
      connection ? whenKnown(store) : undefined,
    ])
    let timer: ReturnType<typeof setTimeout> | undefined
    disposables.add(
      store.onDidChange(() => {
        timer ??= setTimeout(() => {
          timer = undefined
          this.#onDidChange.fire(uri)
        }, refreshMs)
      }),
    )
    disposables.add({ dispose: () => clearTimeout(timer) })
    const open = { store, whole, loaded, dispose: () => disposables.dispose() }
    this.#open.set(key, open)
    return open
  }

  #close(uri: vscode.Uri): void {
    this.#open.get(uri.toString())?.dispose()
    this.#open.delete(uri.toString())
  }
}

/** The folder and the id in the query make it the same document over reloads. */
function uriOf({ id, title, directory }: Pick<Session, 'id' | 'title' | 'directory'>): vscode.Uri {
  const name =
    title
      .replace(/[\\/:*?"<>|#]+/g, ' ')
      .trim()
      .slice(0, 80) || 'Session'
  const query = JSON.stringify({ id, directory })
  return vscode.Uri.from({ scheme: transcriptScheme, path: `/${name}.md`, query })
}

function placeOf(uri: vscode.Uri): { readonly sessionID: SessionID; readonly directory: string } {
  const { id, directory } = JSON.parse(uri.query) as { id: SessionID; directory: string }
  return { sessionID: id, directory }
}

function whenKnown(store: SessionStore): Promise<void> {
  if (!store.isLoading) return Promise.resolve()
  return new Promise((resolve) => {
    const subscription = store.onDidChange(() => {
      if (store.isLoading) return
      subscription.dispose()
      resolve()
    })
  })
}
