import { connect } from '../../client/connect.ts'
import type { Connection } from '../../client/connection.ts'
import { Metrics } from '../../client/metrics.ts'
import { mapPaths } from '../../client/paths/mappedConnection.ts'
import type { ServerProfile } from '../../opencode/profile.ts'
import type { Credentials } from '../../platform/credentials.ts'
import type { Log } from '../../platform/log.ts'
import type { Settings } from '../../platform/settings.ts'
import type { StoredValue } from '../../platform/storage.ts'
import { ProviderKeys } from '../../profiles/providerKeys.ts'
import { thisMachineID } from '../../profiles/thisMachine.ts'
import type { ServerLauncher } from '../../server/launcher.ts'
import { ServerManager } from '../../server/serverManager.ts'
import { Outbox } from '../../sync/sending/outbox.ts'
import { SessionHub } from '../../sync/sessionHub.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { Catalogs } from './catalogs.ts'
import { ServerAccess } from './serverAccess.ts'

/** Which server a backend is for, and how it is brought up. */
export interface BackendSpec {
  /** Unique in this window and the same after a reload: undelivered prompts are stored by it. */
  readonly id: string
  readonly profile: ServerProfile
  /** Asked anew for each start. */
  readonly launcher: (profile: ServerProfile) => ServerLauncher
  /** The directories that it serves now. */
  readonly directories: () => readonly string[]
}

/** What all backends of a window are made with. */
export interface BackendParts {
  readonly settings: Settings
  readonly credentials: Credentials
  readonly log: Log
  readonly stored: (key: string) => StoredValue
}

/**
 * One server of this window with all that belongs to it alone: sessions, undelivered prompts, models,
 * provider keys. Nothing of it ever reaches another server.
 */
export class Backend implements Disposable {
  readonly id: string
  readonly server: ServerManager
  readonly access: ServerAccess
  readonly hub: SessionHub
  readonly outbox: Outbox
  readonly catalogs: Catalogs
  readonly providerKeys: ProviderKeys
  /** Of all connections of this window to the server. */
  readonly metrics = new Metrics()
  readonly #spec: BackendSpec
  readonly #store = new DisposableStore()
  #profile: ServerProfile

  constructor(spec: BackendSpec, { settings, credentials, log, stored }: BackendParts) {
    const add = <T extends Disposable>(part: T): T => this.#store.add(part)
    this.id = spec.id
    this.#spec = spec
    this.#profile = spec.profile
    this.server = add(createServer(() => spec.launcher(this.#profile), log, this.metrics))
    this.outbox = add(new Outbox(stored(spec.id === thisMachineID ? 'outbox' : `outbox:${spec.id}`)))
    this.hub = add(new SessionHub({ outbox: this.outbox, log }))
    const directory = (): string => this.directories[0] ?? '/'
    this.providerKeys = add(
      new ProviderKeys({
        credentials,
        server: this.server,
        log,
        profileID: spec.profile.id,
        directory,
      }),
    )
    add(join(this))
    this.access = new ServerAccess(this.server, settings, {
      withdraw: () => this.providerKeys.withdraw(),
      end: () => this.end(),
    })
    this.catalogs = add(new Catalogs(this.hub, log))
  }

  get profile(): ServerProfile {
    return this.#profile
  }

  /** The directories whose sessions run on this server. */
  get directories(): readonly string[] {
    return this.#spec.directories()
  }

  /** Whether the server can be used by other windows at the same time, be it that one does or not. */
  get isShared(): boolean {
    const { status } = this.server
    return status.kind === 'running' && status.sharing !== undefined
  }

  /** Takes over a profile that was changed; it counts from the next start on. */
  setProfile(profile: ServerProfile): void {
    this.#profile = profile
  }

  /** How the server would be brought up now. */
  createLauncher(): ServerLauncher {
    return this.#spec.launcher(this.#profile)
  }

  /**
   * Logs in anew, because address or secrets changed; a start that is under way by the old ones is called off.
   * A server of ours that runs goes on as it is until it is started again. Never rejects: a failure shows in
   * the status.
   */
  async reconnect(): Promise<void> {
    const { status } = this.server
    const isAttached = status.kind === 'running' && status.origin === 'attached'
    const isOnItsWay = status.kind === 'starting' || status.kind === 'failed'
    if (isAttached || isOnItsWay) await this.access.change().catch(() => undefined)
  }

  /** Leaves the server for good: keys out, a server of ours ended unless others use it. */
  async end(): Promise<void> {
    if (this.isShared) {
      await this.providerKeys.entrust()
      return this.server.leave()
    }
    await this.providerKeys.withdraw()
    await this.server.stop()
  }

  /**
   * The same in a hurry, because the window closes or reloads, after `first`; see `ServerManager.leave`. What runs is
   * looked at before anything is waited for: VS Code disposes of everything meanwhile.
   */
  leave(first: Promise<unknown>): Promise<void> {
    const isBusy = this.directories.some((directory) =>
      this.hub.sessions(directory).some(({ status }) => status.kind !== 'idle'),
    )
    const keys = this.providerKeys
    const isReady = first.then(() => (this.isShared ? keys.entrust(true) : keys.withdraw(true)))
    return this.server.leave(isBusy, isReady)
  }

  dispose(): void {
    this.#store.dispose()
  }
}

function createServer(launcher: () => ServerLauncher, log: Log, metrics: Metrics): ServerManager {
  return new ServerManager({
    launcher,
    connect: async (endpoint, signal) => {
      log.redactor.add(endpoint.password, endpoint.username)
      return mapPaths(await connect(endpoint, { log, signal, metrics }), endpoint.pathRules)
    },
    log,
  })
}

/** Our keys come before the stream: the server reads them when a folder is used for the first time. */
function join({ server, hub, providerKeys }: Backend): Disposable {
  const store = new DisposableStore()
  let wasOnline = false
  const joinServer = async (connection: Connection | undefined): Promise<void> => {
    if (connection) await providerKeys.giveAll(connection)
    wasOnline = false
    hub.setConnection(server.connection)
  }
  store.add(server.onDidChangeConnection((connection) => void joinServer(connection)))
  store.add(
    hub.onDidChangeLink((link) => {
      // A stream that has never been up has not been lost either.
      wasOnline ||= link.kind === 'online'
      if (wasOnline) server.setLink(link)
    }),
  )
  return store
}
