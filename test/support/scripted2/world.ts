import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { newMessageID } from '../../../src/opencode/newIds.ts'
import type { Data, InboxItem, Message, SessionInfo } from './wire.ts'
import { noTokens, Refusal } from './wire.ts'

/** One file as a step found and left it; undefined: there was none. */
export interface FileStep {
  readonly messageID: string
  readonly file: string
  readonly before: string | undefined
  readonly after: string | undefined
}

export interface PermissionAsked extends Data {
  readonly id: string
  readonly sessionID: string
  readonly action: string
  readonly resources: readonly string[]
}

export interface Form extends Data {
  readonly id: string
  readonly sessionID: string
}

/** Something that waits for an answer of the user. */
export interface Waiting<Value extends Data> {
  readonly value: Value
  settle(answer: Data): void
}

export interface SessionRecord {
  info: SessionInfo
  messages: Message[]
  inbox: InboxItem[]
  /** What was admitted, by id, to know it again. */
  admitted: Record<string, string>
  steps: FileStep[]
  /** Contents that a clear of the staged revert brings back. */
  staged: { readonly file: string; readonly content: string | undefined }[]
  seq: number
}

export interface SavedRule {
  readonly id: string
  readonly projectID: string
  readonly action: string
  readonly resource: string
  readonly time: { readonly created: number }
}

export interface Credential {
  readonly id: string
  readonly integrationID: string
  readonly label: string
  readonly method: 'key' | 'oauth'
  readonly key: string
}

export interface ShellState {
  readonly command: string
  readonly directory: string
  readonly sessionID: string
  output: string
  isRunning: boolean
  readonly kill: () => void
}

interface Stored {
  readonly sessions: SessionRecord[]
  readonly saved: SavedRule[]
}

export interface WireEvent extends Data {
  readonly id: string
  readonly type: string
}

type Listener = (event: WireEvent) => void

/** All that the server knows, its event bus and the file that it is kept in. */
export class World {
  readonly sessions = new Map<string, SessionRecord>()
  readonly permissions = new Map<string, Waiting<PermissionAsked>>()
  readonly forms = new Map<string, Waiting<Form>>()
  readonly settledForms = new Set<string>()
  readonly shells = new Map<string, ShellState>()
  /** Durable events, by session; of this process alone. */
  readonly journals = new Map<string, WireEvent[]>()
  /** Environment variables of the commands of a session. */
  readonly environments = new Map<string, Readonly<Record<string, string>>>()
  saved: SavedRule[] = []
  credentials: Credential[] = []
  readonly #listeners = new Set<Listener>()
  readonly #file: string
  /** Apart from the rest, so that a test can say where keys may be. */
  readonly #keysFile: string
  #isSaving = false

  constructor(dataDirectory: string) {
    this.#file = path.join(dataDirectory, 'scripted2.json')
    this.#keysFile = path.join(dataDirectory, 'credentials.json')
    this.#load()
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  session(id: string): SessionRecord {
    const found = this.sessions.get(id)
    if (found) return found
    throw new Refusal(404, 'SessionNotFoundError', `Session not found: ${id}`, { sessionID: id })
  }

  addSession(info: Omit<SessionInfo, 'cost' | 'tokens' | 'time'>): SessionRecord {
    const now = Date.now()
    const whole: SessionInfo = { ...info, cost: 0, tokens: noTokens, time: { created: now, updated: now } }
    const record = { info: whole, messages: [], inbox: [], admitted: {}, steps: [], staged: [], seq: 0 }
    this.sessions.set(info.id, record)
    return record
  }

  /** A durable event of a session. */
  tell(record: SessionRecord, type: string, data: Data = {}): void {
    record.seq += 1
    const durable = { aggregateID: record.info.id, seq: record.seq, version: 1 }
    const { id, location } = record.info
    const event = this.#send(type, { sessionID: id, ...data }, { durable, location })
    this.journals.set(id, [...(this.journals.get(id) ?? []), event])
    this.save()
  }

  /** An event that nobody stores. */
  hint(type: string, data: Data = {}, directory?: string): void {
    this.#send(type, data, directory === undefined ? {} : { location: { directory } })
  }

  hintOf(record: SessionRecord, type: string, data: Data): void {
    this.hint(type, { sessionID: record.info.id, ...data }, record.info.location.directory)
  }

  /** Times of a session's messages rise strictly, so that their order is the one of their times. */
  newTime(record: SessionRecord): number {
    return Math.max(Date.now(), (record.messages.at(-1)?.time.created ?? 0) + 1)
  }

  save(): void {
    if (this.#isSaving) return
    this.#isSaving = true
    setImmediate(() => this.saveNow())
  }

  saveNow(): void {
    this.#isSaving = false
    const stored: Stored = { sessions: [...this.sessions.values()], saved: this.saved }
    write(this.#file, stored)
    write(this.#keysFile, this.credentials)
  }

  #send(type: string, data: Data, more: Data): WireEvent {
    const { location: _location, ...bare } = more
    // Whether events of sessions say where they happened is not sure.
    const rest = process.env['SCRIPTED2_BARE_EVENTS'] === '1' ? bare : more
    const event = { id: newID('evt'), created: Date.now(), type, data, ...rest }
    for (const listener of this.#listeners) listener(event)
    return event
  }

  #load(): void {
    if (!existsSync(this.#file)) return
    const stored = JSON.parse(readFileSync(this.#file, 'utf8')) as Stored
    for (const record of stored.sessions) this.sessions.set(record.info.id, record)
    this.saved = stored.saved
    this.credentials = JSON.parse(readFileSync(this.#keysFile, 'utf8')) as Credential[]
  }
}

/** Never half written, whenever the process ends. */
function write(file: string, value: unknown): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, JSON.stringify(value), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Whether there is a git repository around a folder: without one no file is ever restored. */
export function isRepository(directory: string): boolean {
  for (let folder = directory; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, '.git'))) return true
    if (folder === path.dirname(folder)) return false
  }
}

export function newID(prefix: string): string {
  return prefix === 'msg' ? newMessageID(Date.now()) : `${prefix}_${randomBytes(12).toString('hex')}`
}

const projectRoots = new Map<string, string>()

/** The id of the project of a directory: its main working copy, made safe. */
export function projectOf(directory: string): string {
  const root = mainCopyOf(directory)
  const id = `prj_${Buffer.from(root).toString('hex').slice(-60)}`
  projectRoots.set(id, root)
  return id
}

/** The main working copy of a project that was asked for before. */
export function rootOfProject(id: string): string {
  const root = projectRoots.get(id)
  if (root !== undefined) return root
  throw new Refusal(404, 'ProjectNotFoundError', `Project not found: ${id}`)
}

/** A further working copy has a file ".git" that leads to the main one; a folder without git is its own project. */
function mainCopyOf(directory: string): string {
  for (let folder = directory; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const mark = path.join(folder, '.git')
    if (!existsSync(mark)) continue
    if (statSync(mark).isDirectory()) return folder
    const [, main] = /^gitdir: (.*)[\\/]\.git[\\/]worktrees[\\/]/.exec(readFileSync(mark, 'utf8')) ?? []
    return main ?? folder
  }
  return directory
}
