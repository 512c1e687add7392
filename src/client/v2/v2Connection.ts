import type { Catalog } from '../../opencode/catalog.ts'
import { OpencodeError } from '../../opencode/errors.ts'
import { isSessionID, toMessageID, toRequestID, toSessionID } from '../../opencode/ids.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import type { Capabilities } from '../../opencode/server.ts'
import type {
  FileChange,
  Message,
  PermissionReply,
  Prompt,
  Request,
  RunStatus,
  Session,
  Todo,
} from '../../session/model.ts'
import type {
  ClientLog,
  ClientMetrics,
  Connection,
  FarewellRequest,
  MessagePage,
  NewSession,
  ProviderCredential,
  RequestRef,
  ServerEvent,
  SessionQuery,
} from '../connection.ts'
import { readFileDiffs } from '../fileDiffs.ts'
import type { HttpClient } from '../http/httpClient.ts'
import { HttpStatusError } from '../http/httpErrors.ts'
import { collect, compact, fields, list, text, word } from '../reading.ts'
import { unless } from '../unless.ts'
import { V2Accounts } from './accounts.ts'
import { readCatalog } from './catalog.ts'
import { absolute, V2History } from './history.ts'
import { V2Inbox } from './inbox.ts'
import { LiveEvents } from './live.ts'
import { handlers } from './handlers.ts'
import { readInboxItem, readMessage } from './messages.ts'
import { V2SavedRules, V2VersionControl, V2Worktrees } from './projectGroups.ts'
import { promptBody } from './prompt.ts'
import { V2Providers } from './providers.ts'
import { formAnswer, readForm, readPermission } from './requests.ts'
import { expectSession, missing, nextCursor, V2Routes } from './routes.ts'
import { denials, keepsDenials } from './sessionTools.ts'
import { V2Files, V2Places, V2ServerFeatures } from './serverGroups.ts'
import { choose, V2Commands, V2Library, V2Pictures, V2RunControl } from './sessionGroups.ts'
import { readSession } from './sessions.ts'
import { outputOf } from './tools.ts'
import { V2SessionEnvironment, V2SessionJournal, V2Shells } from './workGroups.ts'

const capabilities: Capabilities = {
  accounts: true,
  background: true,
  commitUndo: true,
  environment: true,
  formatters: false,
  journal: true,
  languageServers: false,
  partialUndo: false,
  versionControl: true,
  worktrees: true,
  archive: false,
  deleteMessage: false,
  fork: true,
  queue: true,
  revert: true,
  savedPermissions: true,
  share: false,
  steer: true,
  symbolSearch: false,
  textSearch: false,
  todos: false,
  toolInputStream: true,
  turnDiff: true,
}

/** The server gives no more at once. */
const pageLimit = 200

/** The 2.x wire, from 2.0.4 on. Routes below `/api/session/{id}` work in the session's own directory. */
export class V2Connection implements Connection {
  readonly version: string
  readonly capabilities = capabilities
  readonly files: V2Files
  readonly history: V2History
  readonly library: V2Library
  readonly runs: V2RunControl
  readonly commands: V2Commands
  readonly providers: V2Providers
  readonly features: V2ServerFeatures
  readonly places: V2Places
  readonly pictures: V2Pictures
  readonly inbox: V2Inbox
  readonly savedRules: V2SavedRules
  readonly shells: V2Shells
  readonly worktrees: V2Worktrees
  readonly versionControl: V2VersionControl
  readonly journal: V2SessionJournal
  readonly environment: V2SessionEnvironment
  readonly accounts: V2Accounts
  readonly #client: HttpClient
  readonly #routes: V2Routes
  readonly #live: LiveEvents

  constructor(client: HttpClient, version: string, log: ClientLog) {
    this.version = version
    this.#client = client
    this.#routes = new V2Routes(client)
    const ping = (signal: AbortSignal): Promise<void> => this.ping(signal)
    this.#live = new LiveEvents({ handlers, client, routes: this.#routes, log, ping })
    this.files = new V2Files(this.#routes)
    this.history = new V2History(this.#routes)
    this.library = new V2Library(this.#routes)
    this.runs = new V2RunControl(this.#routes)
    this.commands = new V2Commands(this.#routes, this.#live)
    this.providers = new V2Providers(this.#routes)
    this.features = new V2ServerFeatures(this.#routes)
    this.places = new V2Places(this.#routes)
    this.pictures = new V2Pictures(this.#routes)
    this.inbox = new V2Inbox(this.#routes)
    this.savedRules = new V2SavedRules(this.#routes)
    this.shells = new V2Shells(this.#routes)
    this.worktrees = new V2Worktrees(this.#routes)
    this.versionControl = new V2VersionControl(this.#routes)
    this.journal = new V2SessionJournal(client)
    this.environment = new V2SessionEnvironment(this.#routes)
    this.accounts = new V2Accounts(this.#routes)
  }

  get url(): string {
    return this.#client.url
  }

  get metrics(): ClientMetrics {
    return this.#client.metrics
  }

  events(signal: AbortSignal): AsyncIterable<ServerEvent> {
    return this.#live.follow(signal)
  }

  async ping(signal?: AbortSignal): Promise<void> {
    await this.#client.request({ method: 'GET', route: '/api/info', timeoutMs: 5_000, signal })
  }

  async listSessions({ directory, limit = 100, search, roots }: SessionQuery): Promise<readonly Session[]> {
    const query = [`directory=${encodeURIComponent(directory)}`, `limit=${limit}`, 'order=desc']
    if (search !== undefined && search !== '') query.push(`search=${encodeURIComponent(search)}`)
    if (roots === true) query.push('parentID=null')
    const { body } = await this.#routes.send('GET', '/api/session', { query })
    return collect(fields(body)['data'], readSession)
  }

  async createSession(directory: string, { title, tools }: NewSession = {}): Promise<Session> {
    const permissions = tools === undefined ? undefined : denials(tools)
    const body = compact({ location: { directory }, title, permissions })
    const answer = await this.#routes.send('POST', '/api/session', { body })
    const created = fields(answer.body)['data']
    const session = expectSession(created)
    if (permissions === undefined || keepsDenials(created, permissions)) return session
    await this.deleteSession(session.id)
    throw missing('take tools from a session in this version, so nothing was asked')
  }

  getSession(sessionID: SessionID): Promise<Session> {
    return this.#routes.session(sessionID)
  }

  async renameSession(sessionID: SessionID, title: string): Promise<Session> {
    await this.#routes.ofSession('PATCH', sessionID, '', { body: { title } })
    return this.#routes.session(sessionID)
  }

  async deleteSession(sessionID: SessionID): Promise<void> {
    await unless('not-found', this.#routes.ofSession('DELETE', sessionID, ''))
  }

  /** Prompts that wait in the inbox belong to the newest page: they are the server's already. */
  async readMessages(sessionID: SessionID, limit: number, older?: string): Promise<MessagePage> {
    this.#live.watch(sessionID)
    const count = Math.min(Math.max(1, Math.trunc(limit)), pageLimit)
    const [page, inbox] = await Promise.all([
      this.#readPage(sessionID, count, older),
      older === undefined ? this.#routes.ofSession('GET', sessionID, '/inbox') : undefined,
    ])
    return { messages: withWaiting(page.messages, inbox), older: page.older }
  }

  /** Pages that hold nothing but marks (of switches, of ends of turns) are passed over: an empty one would be the last. */
  async #readPage(sessionID: SessionID, count: number, older: string | undefined): Promise<MessagePage> {
    const path = `/api/session/${toSessionID(sessionID)}/message`
    for (let cursor = older; ;) {
      const place = cursor === undefined ? 'order=desc' : `cursor=${encodeURIComponent(cursor)}`
      const query = [`limit=${count}`, place]
      const answer = await this.#routes.send('GET', '/api/session/{id}/message', { path, query })
      const messages = list(fields(answer.body)['data']).toReversed().flatMap(readMessage)
      cursor = nextCursor(answer, count)
      if (messages.length > 0 || cursor === undefined) return { messages, older: cursor }
    }
  }

  /** This wire keeps no list of them. */
  readTodos(): Promise<readonly Todo[]> {
    return Promise.resolve([])
  }

  async readStatus(): Promise<ReadonlyMap<SessionID, RunStatus>> {
    const active = (await this.#routes.active()).filter(isSessionID)
    return new Map(active.map((id) => [id, { kind: 'busy' }]))
  }

  async readRequests(directory: string): Promise<readonly Request[]> {
    const [permissions, forms] = await Promise.all([
      this.#routes.at(directory, 'GET', '/api/permission/request'),
      this.#routes.at(directory, 'GET', '/api/form'),
    ])
    return [
      ...collect(permissions, (item) => readPermission(item, directory)),
      ...collect(forms, (item) => readForm(item, directory)),
    ]
  }

  async readToolOutput(sessionID: SessionID, id: MessageID, callID: string): Promise<string | undefined> {
    const content = list(fields(await this.#routes.message(sessionID, id))['content']).map(fields)
    const call = content.find((item) => item['type'] === 'tool' && item['id'] === callID)
    return call && outputOf(fields(call['state']))
  }

  async turnDiff(sessionID: SessionID, messageID: MessageID): Promise<readonly FileChange[]> {
    const query = [`from=${toMessageID(messageID)}`]
    const [changes, session] = await Promise.all([
      ifThere(this.#routes.ofSession('GET', sessionID, '/diff', { query })),
      this.#routes.session(sessionID),
    ])
    return absolute(readFileDiffs(changes), session.directory)
  }

  async prompt(sessionID: SessionID, prompt: Prompt): Promise<void> {
    const body = promptBody(prompt)
    await choose(this.#routes, sessionID, prompt)
    try {
      await this.#routes.ofSession('POST', sessionID, '/prompt', { body, timeoutMs: 60_000 })
    } catch (error) {
      if (!(error instanceof OpencodeError) || error.code !== 'conflict') throw error
      // The id is ours alone, so who has it is the prompt that was sent before.
      const page = await this.readMessages(sessionID, pageLimit)
      if (!page.messages.some(({ id }) => id === prompt.id)) throw error
    }
  }

  /** Does nothing for a session that is not there. */
  async abort(sessionID: SessionID): Promise<void> {
    const query = ['resume=false']
    await unless('not-found', this.#routes.ofSession('POST', sessionID, '/interrupt', { query }))
  }

  async replyPermission(request: RequestRef, reply: PermissionReply, message?: string): Promise<boolean> {
    const body = { decision: reply, ...(message ? { message } : {}) }
    const route = `/permission/${toRequestID(request.id)}/reply`
    const template = '/permission/{id}/reply'
    const answer = this.#routes.ofSession('POST', request.sessionID, route, { template, body })
    return (
      (await unless(
        'not-found',
        answer.then(() => true),
      )) === true
    )
  }

  async replyQuestion(request: RequestRef, answers: readonly (readonly string[])[]): Promise<boolean> {
    const path = `/form/${toRequestID(request.id)}`
    const template = '/form/{id}'
    const form = await unless(
      'not-found',
      this.#routes.ofSession('GET', request.sessionID, path, { template }),
    )
    if (form === undefined) return false
    const body = { answer: formAnswer(form, answers) }
    const options = { template: `${template}/reply`, body }
    return this.#settled(this.#routes.ofSession('POST', request.sessionID, `${path}/reply`, options))
  }

  rejectQuestion(request: RequestRef): Promise<boolean> {
    const path = `/form/${toRequestID(request.id)}`
    return this.#settled(
      this.#routes.ofSession('DELETE', request.sessionID, path, { template: '/form/{id}' }),
    )
  }

  async readCatalog(directory: string): Promise<Catalog> {
    const routes = ['/api/agent', '/api/model', '/api/model/default', '/api/provider', '/api/command']
    const answers = await Promise.all(routes.map((route) => this.#routes.at(directory, 'GET', route)))
    const [agents, models, defaultModel, providers, commands] = answers
    return readCatalog({ agents, models, defaultModel, providers, commands })
  }

  providerCredential(directory: string, providerID: string): Promise<ProviderCredential> {
    return this.providers.credential(directory, providerID)
  }

  setProviderKey(providerID: string, key: string): Promise<void> {
    return this.providers.setKey(providerID, key)
  }

  removeProviderKey(providerID: string): Promise<void> {
    return this.providers.removeKey(providerID)
  }

  async reload(directory: string): Promise<void> {
    await this.#routes.at(directory, 'POST', '/api/location/reload')
  }

  async findFiles(
    directory: string,
    query: string,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    const filters = [`query=${encodeURIComponent(query)}`, `limit=${Math.max(1, Math.trunc(limit))}`]
    const found = await this.#routes.at(directory, 'GET', '/api/fs/find', { query: filters, signal })
    return list(found).flatMap((item) => {
      const path = text(item) ?? word(fields(item)['path'])
      if (path === undefined) return []
      return fields(item)['type'] === 'directory' && !path.endsWith('/') ? `${path}/` : path
    })
  }

  /** There is no route that ends all, so what runs is interrupted one by one. */
  async disposeAll(): Promise<void> {
    const active = (await this.#routes.active()).filter(isSessionID)
    await Promise.all(active.map((id) => this.abort(id)))
  }

  farewell(providerKeys: readonly string[]): readonly FarewellRequest[] {
    return this.providers.farewell(providerKeys)
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /** False when somebody else was faster. */
  async #settled(answer: Promise<unknown>): Promise<boolean> {
    const done = unless(
      'not-found',
      unless(
        'conflict',
        answer.then(() => true),
      ),
    )
    return (await done) === true
  }
}

/** The route came late to 2.x. Without it only the tool calls tell what changed. */
async function ifThere(changes: Promise<unknown>): Promise<unknown> {
  try {
    return await changes
  } catch (error) {
    const isKnown = error instanceof HttpStatusError && /^(Session|Message)/.test(error.serverCode ?? '')
    if (isKnown || !(error instanceof OpencodeError)) throw error
    if (error.code === 'not-found' || error.code === 'unsupported') return undefined
    throw error
  }
}

function withWaiting(stored: readonly Message[], inbox: unknown): readonly Message[] {
  const known = new Set(stored.map(({ id }) => id))
  const waiting = list(inbox).flatMap(readInboxItem)
  return [...stored, ...waiting.filter(({ id }) => !known.has(id))]
}
