import * as vscode from 'vscode'
import type { ServerProfile } from '../opencode/profile.ts'
import { knownFolders } from '../platform/folders.ts'
import { isRecord } from '../platform/storage.ts'
import type { StoredValue } from '../platform/storage.ts'
import { Emitter } from '../util/event.ts'
import { DisposableStore } from '../util/lifecycle.ts'
import type { Disposable } from '../util/lifecycle.ts'
import { profileID, readProfiles, toEntry } from './readProfiles.ts'
import type { ProfileProblem, ProfileSource } from './readProfiles.ts'
import { stands } from './stands.ts'
import { thisMachine } from './thisMachine.ts'

const section = 'opencodeSessions'
const profilesKey = 'server.profiles'
const defaultKey = 'server.profile'
const removalDelayMs = 30_000

export interface ServerProfilesOptions {
  /** Which profile was picked for each folder of this workspace. */
  readonly picks: StoredValue
  /** How long a profile must be gone from the settings to count as removed; default 30 s. */
  readonly removalDelayMs?: number
}

/** A profile that was picked by hand; its kind is kept for the time that its entry is broken. */
interface Pick {
  readonly id: string
  readonly kind: ServerProfile['kind']
}

interface Known {
  readonly profiles: ReadonlyMap<string, ServerProfile>
  readonly problems: readonly ProfileProblem[]
}

/**
 * The server profiles of the settings, beside "This machine", and which one each folder uses. What a
 * workspace says counts in a trusted one only.
 */
export class ServerProfiles implements Disposable {
  readonly #options: ServerProfilesOptions
  readonly #store = new DisposableStore()
  readonly #onDidChange = this.#store.add(new Emitter<undefined>())
  readonly #onDidRemove = this.#store.add(new Emitter<string>())
  readonly #timers = new Set<NodeJS.Timeout>()
  #known: Known
  #picks: Readonly<Record<string, Pick>>
  /** Fires when profiles, picks or the default changed. */
  readonly onDidChange = this.#onDidChange.event
  /** Fires with the id of a profile of the user settings that was taken out of them. */
  readonly onDidRemove = this.#onDidRemove.event

  constructor(options: ServerProfilesOptions) {
    this.#options = options
    this.#known = readAll()
    this.#picks = readPicks(options.picks.get())
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${section}.server`)) this.#reload()
      }),
    )
    this.#store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.#reload()))
    this.#store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.#reload()))
  }

  /** "This machine" comes first. */
  get all(): readonly ServerProfile[] {
    return [thisMachine(), ...this.#known.profiles.values()]
  }

  /** Entries of the settings that cannot be used. */
  get problems(): readonly ProfileProblem[] {
    return this.#known.problems
  }

  find(id: string): ServerProfile | undefined {
    return this.all.find((profile) => profile.id === id)
  }

  /**
   * The profile of a workspace folder: the picked one, else the default one of the settings, else this
   * machine. One that is broken or gone is not replaced by another: it comes with its `problem`.
   */
  for(folder: string | undefined): ServerProfile {
    const pick = this.#picks[folder ?? '']
    if (pick) return this.find(pick.id) ?? this.#missing(pick.id, pick.kind)
    const name = this.#defaultName(folder)
    if (name === '') return thisMachine()
    const ids = [profileID('workspace', name), profileID('user', name)]
    const found = ids.map((id) => this.find(id)).find((profile) => profile !== undefined)
    if (found) return found
    if (name === thisMachine().name) return thisMachine()
    const broken = ids.find((id) => this.#known.problems.some((problem) => problem.id === id))
    return this.#missing(broken ?? profileID('user', name), 'managed')
  }

  /** Picks a profile for folders of this workspace, or with undefined the default one. */
  async pick(folders: readonly (string | undefined)[], profile: ServerProfile | undefined): Promise<void> {
    const keys = folders.map((folder) => folder ?? '')
    const others = Object.entries(this.#picks).filter(([key]) => !keys.includes(key))
    const picked = profile ? keys.map((key) => [key, { id: profile.id, kind: profile.kind }] as const) : []
    this.#picks = Object.fromEntries([...others, ...picked])
    await this.#options.picks.set(this.#picks)
    this.#onDidChange.fire(undefined)
  }

  /** Whether a profile was picked for a folder by hand. */
  isPicked(folder: string | undefined): boolean {
    return this.#picks[folder ?? ''] !== undefined
  }

  /**
   * Puts a profile into the settings that it belongs to, in the place of the one called `before` (default:
   * its own name). Picks in this workspace follow a new name.
   */
  async save(profile: ServerProfile, before: string = profile.name): Promise<void> {
    if (profile.source === 'builtin') return
    const { source } = profile
    const entry = toEntry(profile)
    await writeEntries(source, (entries) => {
      const index = entries.findIndex((each) => nameOf(each) === before)
      return index < 0 ? [...entries, entry] : entries.with(index, entry)
    })
    this.#reload()
    if (before !== profile.name) await this.#follow(profileID(source, before), profile)
  }

  /** Takes a profile out of the settings; its folders go back to the default one. */
  async remove({ id, name, source }: ServerProfile): Promise<void> {
    if (source === 'builtin') return
    await writeEntries(source, (entries) => entries.filter((each) => nameOf(each) !== name))
    this.#reload()
    await this.#follow(id, undefined)
  }

  dispose(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#store.dispose()
  }

  async #follow(id: string, profile: ServerProfile | undefined): Promise<void> {
    const folders = Object.keys(this.#picks).filter((folder) => this.#picks[folder]?.id === id)
    if (folders.length > 0) await this.pick(folders, profile)
  }

  #defaultName(folder: string | undefined): string {
    const uri = knownFolders().find(({ directory }) => directory === folder)?.uri
    const value: unknown = vscode.workspace.getConfiguration(section, uri).get(defaultKey)
    return typeof value === 'string' ? value.trim() : ''
  }

  #missing(id: string, kind: ServerProfile['kind']): ServerProfile {
    const [source, name] = [id.slice(0, id.indexOf(':')), id.slice(id.indexOf(':') + 1)]
    const problem =
      this.#known.problems.find((each) => each.id === id)?.sentence ??
      vscode.l10n.t('There is no server profile "{0}" any more. Pick another server.', name)
    return stands(kind, { id, name, source: source === 'workspace' ? 'workspace' : 'user', problem })
  }

  #reload(): void {
    const before = namesOf(this.#known)
    this.#known = readAll()
    const now = namesOf(this.#known)
    for (const id of before) if (id.startsWith('user:') && !now.has(id)) this.#watchRemoval(id)
    this.#onDidChange.fire(undefined)
  }

  /** While somebody edits the settings, entries come and go. */
  #watchRemoval(id: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (!namesOf(this.#known).has(id)) this.#onDidRemove.fire(id)
    }, this.#options.removalDelayMs ?? removalDelayMs)
    this.#timers.add(timer)
  }
}

/** A profile whose entry is broken just now is still there. */
function namesOf({ profiles, problems }: Known): ReadonlySet<string> {
  const broken = problems.map(({ id }) => id).filter((id) => id !== undefined)
  return new Set([...profiles.keys(), ...broken])
}

function readAll(): Known {
  const own = vscode.workspace.getConfiguration(section).inspect<unknown>(profilesKey)
  const folders = vscode.workspace.workspaceFolders ?? []
  const workspaceValues = vscode.workspace.isTrusted
    ? [
        own?.workspaceValue,
        ...folders.map(
          ({ uri }) =>
            vscode.workspace.getConfiguration(section, uri).inspect<unknown>(profilesKey)
              ?.workspaceFolderValue,
        ),
      ]
    : []
  const read = [
    ...workspaceValues.map((value) => readProfiles(value, 'workspace')),
    readProfiles(own?.globalValue, 'user'),
  ]
  const profiles = new Map<string, ServerProfile>()
  for (const profile of read.flatMap((each) => each.profiles)) {
    if (!profiles.has(profile.id)) profiles.set(profile.id, profile)
  }
  const problems = new Map(
    read.flatMap((each) => each.problems).map((problem) => [problem.sentence, problem]),
  )
  return { profiles, problems: [...problems.values()] }
}

/** Changes the list in the settings and leaves entries that are not ours to change as they stand. */
async function writeEntries(
  source: ProfileSource,
  change: (entries: readonly unknown[]) => readonly unknown[],
): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(section)
  const inspected = configuration.inspect<unknown>(profilesKey)
  const value = source === 'user' ? inspected?.globalValue : inspected?.workspaceValue
  const entries = change(Array.isArray(value) ? (value as readonly unknown[]) : [])
  const target = source === 'user' ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace
  await configuration.update(profilesKey, entries.length === 0 ? undefined : entries, target)
}

function nameOf(entry: unknown): string | undefined {
  return isRecord(entry) && typeof entry['name'] === 'string' ? entry['name'].trim() : undefined
}

const kinds: ReadonlySet<unknown> = new Set<ServerProfile['kind']>([
  'managed',
  'container',
  'url',
  'kubernetes',
])

function readPicks(value: unknown): Readonly<Record<string, Pick>> {
  if (!isRecord(value)) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, Pick] => isPick(entry[1])),
  )
}

function isPick(value: unknown): value is Pick {
  return isRecord(value) && typeof value['id'] === 'string' && kinds.has(value['kind'])
}
