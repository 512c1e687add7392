import { isAbsolute, relative, sep } from 'node:path'
import * as vscode from 'vscode'
import type { ServerProfile } from '../../opencode/profile.ts'
import { knownFolders } from '../../platform/folders.ts'
import type { ServerLauncher } from '../../server/launcher.ts'
import { Emitter } from '../../util/event.ts'
import type { Event } from '../../util/event.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { Disposable } from '../../util/lifecycle.ts'
import { Backend } from './backend.ts'
import type { BackendParts } from './backend.ts'

export { Backend } from './backend.ts'

/** The profiles as far as backends need them. */
export interface PickedProfiles {
  /** The one picked for a workspace folder; undefined: for a window without folders. */
  for(folder: string | undefined): ServerProfile
  /** Fires when profiles or picks changed. */
  readonly onDidChange: Event<undefined>
}

export interface BackendsOptions extends BackendParts {
  readonly profiles: PickedProfiles
  /** `folder`: the first one that asked; undefined in a window without folders. */
  readonly launcher: (profile: ServerProfile, folder: string | undefined) => ServerLauncher
}

/** A server beside the picked ones, for one directory, e.g. that of an isolated session. */
export interface AddedBackend {
  /** Unique, and the same when the same server is added again after a reload. */
  readonly id: string
  readonly profile: ServerProfile
  readonly launcher: () => ServerLauncher
}

/** A directory of this window with the server that serves it. */
export interface BackendPlace {
  readonly directory: string
  readonly backend: Backend
}

/**
 * The servers of this window: one for each profile in use, made when it is first asked for, and those that
 * other parts add for a directory. A directory inside of a workspace folder uses that folder's server.
 */
export class Backends implements Disposable {
  readonly #options: BackendsOptions
  readonly #store = new DisposableStore()
  readonly #made = new Map<string, { readonly backend: Backend; readonly forwards: Disposable }>()
  readonly #added = new Map<string, Backend>()
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  readonly #onDidChangeStatus = this.#store.add(new Emitter<Backend>())
  readonly #onDidChangeIndex = this.#store.add(new Emitter<BackendPlace>())
  /** Fires when a directory may have another backend than before. */
  readonly onDidChange = this.#onDidChange.event
  /** Fires with the backend whose server's status changed. */
  readonly onDidChangeStatus = this.#onDidChangeStatus.event
  /** Fires when the sessions of a directory, their states or their requests changed. */
  readonly onDidChangeIndex = this.#onDidChangeIndex.event

  constructor(options: BackendsOptions) {
    this.#options = options
    this.#store.add(options.profiles.onDidChange(() => this.#changed()))
    this.#store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.#changed()))
    const of = (profileID: string): readonly Backend[] =>
      this.all.filter(({ profile }) => profile.id === profileID)
    const { onDidChangeLogin, onDidChangeProviderKeys } = options.credentials
    this.#store.add(onDidChangeLogin((id) => of(id).forEach((backend) => void backend.reconnect())))
    this.#store.add(
      onDidChangeProviderKeys((id) => of(id).forEach(({ providerKeys }) => void providerKeys.dropRemoved())),
    )
  }

  get all(): readonly Backend[] {
    return [...this.#made.values()].map(({ backend }) => backend)
  }

  /** Workspace folders and added directories with their backends. */
  get places(): readonly BackendPlace[] {
    const folders = knownFolders().map(({ directory }) => directory)
    return [...new Set([...folders, ...this.#added.keys()])].map((directory) => ({
      directory,
      backend: this.for(directory),
    }))
  }

  /**
   * The server of a directory. One outside of all workspace folders, and undefined, stand for the first
   * folder. Starts nothing.
   */
  for(directory?: string): Backend {
    const folders = knownFolders().map((folder) => folder.directory)
    const place =
      directory === undefined ? undefined : closest(directory, [...folders, ...this.#added.keys()])
    const added = place === undefined ? undefined : this.#added.get(place)
    if (added) return added
    const folder = place ?? folders[0]
    return this.#picked(this.#options.profiles.for(folder), folder)
  }

  /**
   * Serves a directory by a server of its own until `remove`; gives back the one that is there already.
   * Nothing is started: use its `access` or `server`.
   */
  add(directory: string, { id, profile, launcher }: AddedBackend): Backend {
    const known = this.#added.get(directory)
    if (known) return known
    const backend = this.#make({ id, profile, launcher })
    this.#added.set(directory, backend)
    this.#onDidChange.fire(undefined)
    return backend
  }

  /** Ends the added server of a directory and forgets it, with what was not delivered to it. */
  async remove(directory: string): Promise<void> {
    const backend = this.#added.get(directory)
    if (!backend) return
    this.#added.delete(directory)
    backend.outbox.clear()
    await this.#retire(backend)
  }

  /** Lets go of all servers because the window closes or reloads, when `first` is done. */
  async leave(first: Promise<unknown>): Promise<void> {
    await Promise.all(this.all.map((backend) => backend.leave(first)))
  }

  dispose(): void {
    this.#store.dispose()
    for (const { backend, forwards } of this.#made.values()) {
      forwards.dispose()
      backend.dispose()
    }
    this.#made.clear()
  }

  #picked(profile: ServerProfile, folder: string | undefined): Backend {
    const id = backendID(profile, folder)
    const known = this.#made.get(id)
    if (known) {
      known.backend.setProfile(profile)
      return known.backend
    }
    return this.#make({ id, profile, launcher: (current) => this.#options.launcher(current, folder) })
  }

  #make(spec: Omit<ConstructorParameters<typeof Backend>[0], 'directories'>): Backend {
    const backend: Backend = new Backend(
      { ...spec, directories: () => this.#directoriesOf(backend) },
      this.#options,
    )
    const forwards = new DisposableStore()
    forwards.add(backend.server.onDidChangeStatus(() => this.#onDidChangeStatus.fire(backend)))
    forwards.add(
      backend.hub.onDidChangeIndex((directory) => this.#onDidChangeIndex.fire({ directory, backend })),
    )
    this.#made.set(spec.id, { backend, forwards })
    return backend
  }

  #directoriesOf(backend: Backend): readonly string[] {
    return this.places.filter((place) => place.backend === backend).map(({ directory }) => directory)
  }

  /** Chats go over to their new server first; then the servers that nobody uses any more are left. */
  #changed(): void {
    const before = new Map(this.all.map((backend) => [backend, JSON.stringify(backend.profile)]))
    const used = new Set([this.for(), ...this.places.map(({ backend }) => backend), ...this.#added.values()])
    this.#onDidChange.fire(undefined)
    for (const [backend, profile] of before) {
      if (!used.has(backend)) void this.#retire(backend)
      else if (JSON.stringify(backend.profile) !== profile) void backend.reconnect()
    }
  }

  async #retire(backend: Backend): Promise<void> {
    const forwards = this.#made.get(backend.id)?.forwards
    this.#made.delete(backend.id)
    this.#onDidChange.fire(undefined)
    await backend.end()
    forwards?.dispose()
    backend.dispose()
  }
}

/** A container holds one folder; every other server can work in all of them. */
function backendID(profile: ServerProfile, folder: string | undefined): string {
  return profile.kind === 'container' && folder !== undefined ? `${profile.id}@${folder}` : profile.id
}

/** The innermost of these directories that holds the path. */
function closest(path: string, directories: readonly string[]): string | undefined {
  const holds = (directory: string): boolean => {
    const rest = relative(directory, path)
    return rest === '' || !(rest.split(sep)[0] === '..' || isAbsolute(rest))
  }
  return directories.filter(holds).sort((a, b) => b.length - a.length)[0]
}
