import * as vscode from 'vscode'
import type { Connection } from '../../client/connection.ts'
import { pathsOf } from '../../client/paths/mappedConnection.ts'
import { McpEndpoint } from '../../mcp/mcpEndpoint.ts'
import type { McpPlace } from '../../mcp/mcpEndpoint.ts'
import { toErrorInfo } from '../../opencode/errors.ts'
import type { Log } from '../../platform/log.ts'
import type { Settings } from '../../platform/settings.ts'
import { isSame } from '../../session/equal.ts'
import { Emitter } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import type { Backend, Backends } from '../backend/backends.ts'
import { followBackends } from '../backend/followBackends.ts'
import { languageTools } from './languageTools.ts'
import { barrierTo } from './reach.ts'
import type { Barrier } from './reach.ts'
import { windowTools } from './windowTools.ts'

/** The name under which a server knows us; its tools begin with it. */
const editorToolsName = 'vscode_editor'
const settleMs = 500
/** A server that could not connect, because this machine was busy, is asked again. */
const defaultRetryMs = 5_000
const maxTries = 5

export interface EditorToolsOptions {
  readonly backends: Backends
  readonly settings: Settings
  readonly log: Log
  /** Tells the user why a server does not get the tools. */
  readonly warn: (message: string) => Promise<void>
  /** After how many ms a server that could not connect is asked again. */
  readonly retryMs?: number
}

interface Registered {
  readonly connection: Connection
  readonly place: McpPlace
  /** How often the server was told since it was last seen connected. */
  readonly tries: number
}

/**
 * Offers what VS Code knows to the agents of this window's servers, while the user wants it. Only reading, only files
 * of the workspace; each call is a tool call of its session and shows in the transcript.
 */
export class EditorTools implements Disposable {
  readonly #options: EditorToolsOptions
  readonly #store = new DisposableStore()
  readonly #endpoint = new McpEndpoint()
  readonly #registered = new Map<string, Registered>()
  readonly #warned = new Set<string>()
  #refusals: ReadonlyMap<string, string> = new Map()
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  /** A server got the tools, lost them, or was refused. */
  readonly onDidChange = this.#onDidChange.event
  #updating: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined

  constructor(options: EditorToolsOptions) {
    this.#options = options
    const { backends, settings } = options
    this.#store.add(settings.editorTools.onDidChange(() => this.#soon()))
    this.#store.add(backends.onDidChange(() => this.#soon()))
    this.#store.add(
      followBackends(backends, ({ hub, server }) => {
        const store = new DisposableStore()
        store.add(server.addLeaveTask((connection) => this.#leave(connection)))
        store.add(hub.onDidChangeLink(() => this.#soon()))
        // A server that reloads a folder forgets what was added to it.
        store.add(hub.onDidChangeCatalog(() => this.#soon()))
        return store
      }),
    )
    this.#soon()
  }

  /** A sentence why a server does not have the tools although the user wants it to. */
  refusalOf({ id }: Backend): string | undefined {
    return this.#refusals.get(id)
  }

  /** Resolves when the servers know what they are to know. */
  async settled(): Promise<void> {
    clearTimeout(this.#timer)
    this.#updating = this.#updating.then(() => this.#update())
    await this.#updating
  }

  /** Takes the tools back from all servers, because the window closes. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  dispose(): void {
    void this.close()
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer)
    await Promise.all([...this.#registered.keys()].map((directory) => this.#withdraw(directory)))
    this.#store.dispose()
    await this.#endpoint.close()
  }

  #soon(delayMs = settleMs): void {
    if (this.#closing) return
    const isIdle = this.#registered.size === 0 && this.#refusals.size === 0
    if (isIdle && !this.#options.settings.editorTools.value) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.settled(), delayMs)
  }

  async #update(): Promise<void> {
    if (this.#closing) return
    const { backends, settings } = this.#options
    const wanted = settings.editorTools.value ? backends.places : []
    const directories = new Set(wanted.map(({ directory }) => directory))
    for (const directory of this.#registered.keys()) {
      if (!directories.has(directory)) await this.#withdraw(directory)
    }
    const refusals = new Map<string, string>()
    for (const { directory, backend } of wanted) {
      const reason = await this.#offer(directory, backend)
      if (reason !== undefined) refusals.set(backend.id, reason)
    }
    const isChanged = !isSame([...refusals], [...this.#refusals])
    this.#refusals = refusals
    if (isChanged) this.#onDidChange.fire(undefined)
  }

  /** Gives the reason why it could not. */
  async #offer(directory: string, backend: Backend): Promise<string | undefined> {
    const { connection } = backend.hub
    if (!connection) return undefined
    const barrier = barrierOf(backend, connection)
    if (barrier) return this.#refuse(backend, barrier)
    const known = this.#registered.get(directory)
    const own = known?.connection === connection ? known : undefined
    try {
      if (own && (await isThere(connection, directory))) {
        this.#registered.set(directory, { ...own, tries: 0 })
        return undefined
      }
      const tries = (own?.tries ?? 0) + 1
      if (tries > maxTries) return gaveUp()
      await this.#register(directory, connection, tries)
      this.#options.log.info(`tools: offered to the server "${backend.profile.name}"`)
      return undefined
    } catch (error) {
      const { code, message } = toErrorInfo(error)
      this.#options.log.warn(`tools: could not be offered (${code})`)
      return message
    }
  }

  async #register(directory: string, connection: Connection, tries: number): Promise<void> {
    const { log, retryMs } = this.#options
    const known = this.#registered.get(directory)
    const place = known?.place ?? (await this.#endpoint.add(this.#toolsFor(directory)))
    log.redactor.add(place.token)
    this.#registered.set(directory, { connection, place, tries })
    const headers = { Authorization: `Bearer ${place.token}` }
    try {
      await connection.features.addMcp(directory, editorToolsName, {
        kind: 'remote',
        url: place.url,
        headers,
      })
    } finally {
      const isDone = await isThere(connection, directory).catch(() => false)
      if (!isDone) this.#soon(retryMs ?? defaultRetryMs)
    }
  }

  #toolsFor(directory: string) {
    const scope = { directory, denied: () => this.#options.settings.deniedFiles.value }
    return [...languageTools(scope), ...windowTools(scope)]
  }

  /** The window lets go of a server; when it closes, not before all is taken back. */
  async #leave(connection: Connection): Promise<void> {
    if (this.#closing) return this.#closing
    const theirs = [...this.#registered].filter(([, known]) => known.connection === connection)
    await Promise.all(theirs.map(([directory]) => this.#withdraw(directory)))
  }

  async #withdraw(directory: string): Promise<void> {
    const known = this.#registered.get(directory)
    this.#registered.delete(directory)
    if (!known) return
    this.#endpoint.remove(known.place)
    try {
      await known.connection.features.disconnectMcp(directory, editorToolsName)
    } catch (error) {
      this.#options.log.debug(`tools: could not be taken back (${toErrorInfo(error).code})`)
    }
  }

  /** Said once aloud; afterwards the view of the server says it. */
  #refuse({ id, profile: { name } }: Backend, barrier: Barrier): string {
    const reason = sentenceOf(barrier)
    if (this.#warned.has(id)) return reason
    this.#warned.add(id)
    const message = vscode.l10n.t('The server "{0}" cannot ask VS Code anything. {1}', name, reason)
    // Nobody waits for the answer.
    void this.#options.warn(message)
    return reason
  }
}

function barrierOf({ server: { status }, profile }: Backend, connection: Connection): Barrier | undefined {
  if (status.kind !== 'running') return undefined
  return barrierTo(profile, status.url, pathsOf(connection).rules.length > 0)
}

function sentenceOf(barrier: Barrier): string {
  switch (barrier) {
    case 'container':
      return vscode.l10n.t(
        'It runs in a container with a network of its own, and the tools listen on the loopback interface of this machine alone.',
      )
    case 'machine':
      return vscode.l10n.t(
        'It runs on another machine, and the tools listen on the loopback interface of this one alone.',
      )
    case 'paths':
      return vscode.l10n.t('It sees this folder at another path, so it may run in a container.')
  }
}

function gaveUp(): string {
  return vscode.l10n.t(
    'It could not connect to the tools of this window. Turn the setting "opencodeSessions.editorTools.enabled" off and on to try again.',
  )
}

async function isThere(connection: Connection, directory: string): Promise<boolean> {
  const servers = await connection.features.mcpServers(directory)
  return servers.some(
    ({ name, status }) => name === editorToolsName && status !== 'disabled' && status !== 'failed',
  )
}
