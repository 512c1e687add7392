import { checkProviderID } from '../providerID.ts'
import { unless } from '../unless.ts'
import type { Catalog } from '../../opencode/catalog.ts'
import { toMessageID, toRequestID } from '../../opencode/ids.ts'
import type { MessageID, SessionID } from '../../opencode/ids.ts'
import type { Capabilities } from '../../opencode/server.ts'
import type {
  FileChange,
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
import { isLoopbackHost } from '../endpoint.ts'
import { followEvents } from '../http/eventStream.ts'
import type { HttpClient } from '../http/httpClient.ts'
import { readCatalog } from './catalog.ts'
import { readCredential, readStoredLogin } from './credentials.ts'
import { readFileDiffs } from '../fileDiffs.ts'
import { credentialCheckDirectory, directoryQuery } from './directory.ts'
import { EventDecoder, isSyncCopy } from './events.ts'
import { V1Commands } from './commands.ts'
import { V1Files } from './files.ts'
import { V1History } from './history.ts'
import { V1Library } from './library.ts'
import { V1Pictures } from './pictures.ts'
import { V1Places } from './places.ts'
import { readMessage } from './messages.ts'
import { promptBody } from './prompt.ts'
import { V1Providers } from './providers.ts'
import { collect, fields, words } from '../reading.ts'
import { RequestLedger } from './requestLedger.ts'
import { readPermission, readQuestion } from './requests.ts'
import { V1Roots } from './roots.ts'
import { expectSession, V1Routes } from './routes.ts'
import { V1RunControl } from './runControl.ts'
import { V1ServerFeatures } from './serverFeatures.ts'
import { denials } from './sessionTools.ts'
import { readSession, readStatusMap, readTodos } from './sessions.ts'
import { readWholeOutput } from './toolOutput.ts'

const capabilities: Capabilities = {
  accounts: false,
  background: false,
  commitUndo: false,
  environment: false,
  formatters: true,
  journal: false,
  languageServers: true,
  partialUndo: true,
  versionControl: false,
  worktrees: false,
  archive: true,
  deleteMessage: true,
  fork: true,
  queue: false,
  revert: true,
  savedPermissions: false,
  share: true,
  steer: false,
  symbolSearch: true,
  textSearch: true,
  todos: true,
  toolInputStream: false,
  turnDiff: true,
}

/** Events of the first 50 ms of a stream were seen to be left out (docs/server-notes.md); twice that on a busy machine. */
const streamSettleMs = 100

/** The 1.x wire. Routes below `/session/{id}` run in the session's own directory; all others name theirs. */
export class V1Connection implements Connection {
  readonly version: string
  readonly capabilities = capabilities
  readonly files: V1Files
  readonly history: V1History
  readonly library: V1Library
  readonly runs: V1RunControl
  readonly commands: V1Commands
  readonly providers: V1Providers
  readonly features: V1ServerFeatures
  readonly places: V1Places
  readonly pictures: V1Pictures
  readonly inbox = undefined
  readonly savedRules = undefined
  readonly shells = undefined
  readonly worktrees = undefined
  readonly versionControl = undefined
  readonly journal = undefined
  readonly environment = undefined
  readonly accounts = undefined
  readonly #routes: V1Routes
  readonly #roots: V1Roots
  readonly #client: HttpClient
  readonly #log: ClientLog
  readonly #ledger = new RequestLedger()
  readonly #unknownEvents = new Set<string>()
  #lastCheck = 0

  constructor(client: HttpClient, version: string, log: ClientLog) {
    this.#client = client
    this.#routes = new V1Routes(client)
    this.files = new V1Files(this.#routes)
    this.#roots = new V1Roots(this.#routes)
    this.history = new V1History(this.#routes, this.#roots)
    this.commands = new V1Commands(this.#routes)
    this.library = new V1Library(this.#routes)
    this.runs = new V1RunControl(this.#routes)
    this.providers = new V1Providers(this.#routes)
    this.features = new V1ServerFeatures(this.#routes)
    this.places = new V1Places(this.#routes)
    this.pictures = new V1Pictures(this.#routes)
    this.version = version
    this.#log = log
  }

  get url(): string {
    return this.#client.url
  }

  get metrics(): ClientMetrics {
    return this.#client.metrics
  }

  events(signal: AbortSignal): AsyncIterable<ServerEvent> {
    const decoder = new EventDecoder(this.#ledger, (type) => this.#logUnknown(type))
    return followEvents(
      {
        client: this.#client,
        route: '/global/event',
        log: this.#log,
        decode: (event) => decoder.decode(event),
        skip: isSyncCopy,
        settleMs: streamSettleMs,
        ping: (pingSignal) => this.ping(pingSignal),
      },
      signal,
    )
  }

  async ping(signal?: AbortSignal): Promise<void> {
    await this.#client.request({ method: 'GET', route: '/global/health', timeoutMs: 5_000, signal })
  }

  async listSessions(query: SessionQuery): Promise<readonly Session[]> {
    // Only the query filters by directory; the header alone lists the whole project.
    const filters = [directoryQuery(query.directory), `limit=${query.limit ?? 100}`]
    if (query.search !== undefined && query.search !== '')
      filters.push(`search=${encodeURIComponent(query.search)}`)
    if (query.roots === true) filters.push('roots=true')
    const { body } = await this.#routes.send('GET', '/session', { path: `/session?${filters.join('&')}` })
    return collect(body, readSession)
  }

  async createSession(directory: string, { title, tools }: NewSession = {}): Promise<Session> {
    const body = {
      ...(title === undefined ? {} : { title }),
      ...(tools === undefined ? {} : { permission: denials(tools) }),
    }
    return expectSession(await this.#routes.in(directory, 'POST', '/session', { body }))
  }

  async getSession(sessionID: SessionID): Promise<Session> {
    return expectSession(await this.#routes.ofSession('GET', sessionID, ''))
  }

  async renameSession(sessionID: SessionID, title: string): Promise<Session> {
    return expectSession(await this.#routes.ofSession('PATCH', sessionID, '', { body: { title } }))
  }

  async deleteSession(sessionID: SessionID): Promise<void> {
    await unless('not-found', this.#routes.ofSession('DELETE', sessionID, ''))
  }

  async readMessages(sessionID: SessionID, limit: number, older?: string): Promise<MessagePage> {
    const cursor = older === undefined ? '' : `&before=${encodeURIComponent(older)}`
    const query = `?limit=${Math.max(1, Math.trunc(limit))}${cursor}`
    const answer = await this.#routes.ofSession('GET', sessionID, '/message', { query })
    return { messages: collect(answer.body, readMessage), older: answer.header('x-next-cursor') || undefined }
  }

  async readTodos(sessionID: SessionID): Promise<readonly Todo[]> {
    return readTodos((await this.#routes.ofSession('GET', sessionID, '/todo')).body)
  }

  async readStatus(directory: string): Promise<ReadonlyMap<SessionID, RunStatus>> {
    return readStatusMap((await this.#routes.in(directory, 'GET', '/session/status')).body)
  }

  /** Aborted runs leave their requests behind, so those of sessions that do not run are left out. */
  async readRequests(directory: string): Promise<readonly Request[]> {
    const [permissions, questions] = await Promise.all([
      this.#routes.in(directory, 'GET', '/permission'),
      this.#routes.in(directory, 'GET', '/question'),
    ])
    const all: readonly Request[] = [
      ...collect(permissions.body, (item) => readPermission(item, directory)),
      ...collect(questions.body, (item) => readQuestion(item, directory)),
    ]
    if (all.length === 0) return all
    const running = await this.readStatus(directory)
    const open = all.filter((request) => running.has(request.sessionID))
    for (const request of open) this.#ledger.add(request.sessionID, request.id)
    return open
  }

  async readToolOutput(
    sessionID: SessionID,
    messageID: MessageID,
    callID: string,
  ): Promise<string | undefined> {
    const { body } = await this.#routes.ofMessage(sessionID, messageID)
    return readWholeOutput(body, callID, isLoopbackHost(new URL(this.url).hostname))
  }

  async turnDiff(sessionID: SessionID, messageID: MessageID): Promise<readonly FileChange[]> {
    const query = `?messageID=${toMessageID(messageID)}`
    const { body } = await this.#routes.ofSession('GET', sessionID, '/diff', { query })
    const changes = readFileDiffs(body)
    if (changes.length > 0) return this.#roots.resolve(sessionID, changes)
    const message = fields((await this.#routes.ofMessage(sessionID, messageID)).body)
    const summary = fields(fields(message['info'])['summary'])
    return this.#roots.resolve(sessionID, readFileDiffs(summary['diffs']))
  }

  async prompt(sessionID: SessionID, prompt: Prompt): Promise<void> {
    await this.#routes.ofSession('POST', sessionID, '/prompt_async', {
      body: promptBody(prompt),
      timeoutMs: 60_000,
    })
  }

  async abort(sessionID: SessionID): Promise<void> {
    await this.#routes.ofSession('POST', sessionID, '/abort')
  }

  async replyPermission(request: RequestRef, reply: PermissionReply, message?: string): Promise<boolean> {
    const body = { reply, ...(message ? { message } : {}) }
    if (await this.#answer(request, 'permission', 'reply', body)) return true
    // The old route finds the directory by the session, but it has no room for a message.
    if (message) return this.#answerElsewhere(request, 'permission', 'reply', body)
    const route = `/permissions/${toRequestID(request.id)}`
    const template = '/permissions/{id}'
    const answer = await unless(
      'not-found',
      this.#routes.ofSession('POST', request.sessionID, route, { template, body: { response: reply } }),
    )
    return answer !== undefined
  }

  async replyQuestion(request: RequestRef, answers: readonly (readonly string[])[]): Promise<boolean> {
    const isDone = await this.#answer(request, 'question', 'reply', { answers })
    return isDone || this.#answerElsewhere(request, 'question', 'reply', { answers })
  }

  async rejectQuestion(request: RequestRef): Promise<boolean> {
    const isDone = await this.#answer(request, 'question', 'reject')
    return isDone || this.#answerElsewhere(request, 'question', 'reject')
  }

  async readCatalog(directory: string): Promise<Catalog> {
    const routes = ['/config/providers', '/agent', '/command', '/config']
    const answers = await Promise.all(routes.map((route) => this.#routes.in(directory, 'GET', route)))
    const [providers, agents, commands, config] = answers.map((answer) => answer.body)
    return readCatalog({ providers, agents, commands, config })
  }

  /**
   * A loaded instance shows credentials as they were when it was loaded. So we look through the eyes of a
   * fresh one, for a folder below that does not exist: it reads the same configuration, and nobody works in it.
   */
  async providerCredential(directory: string, providerID: string): Promise<ProviderCredential> {
    checkProviderID(providerID)
    const place = credentialCheckDirectory(directory, `${Date.now()}-${++this.#lastCheck}`)
    try {
      const usable = await this.#routes.in(place, 'GET', '/config/providers')
      const found = readCredential(usable.body, providerID)
      return found ?? readStoredLogin((await this.#routes.in(place, 'GET', '/provider')).body, providerID)
    } finally {
      await this.reload(place).catch(() =>
        this.#log.debug('client a credential check could not be tidied up'),
      )
    }
  }

  async setProviderKey(providerID: string, key: string): Promise<void> {
    const path = `/auth/${encodeURIComponent(checkProviderID(providerID))}`
    await this.#routes.send('PUT', '/auth/{id}', { path, body: { type: 'api', key } })
  }

  removeProviderKey(providerID: string): Promise<void> {
    return this.providers.disconnect(providerID)
  }

  async reload(directory: string): Promise<void> {
    await this.#routes.in(directory, 'POST', '/instance/dispose')
  }

  async findFiles(
    directory: string,
    query: string,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    const path = `/find/file?query=${encodeURIComponent(query)}&limit=${Math.max(1, Math.trunc(limit))}`
    const { body } = await this.#routes.in(directory, 'GET', '/find/file', { path, signal })
    return words(body)
  }

  async disposeAll(): Promise<void> {
    await this.#routes.send('POST', '/global/dispose', { timeoutMs: 2_000 })
  }

  farewell(providerKeys: readonly string[]): readonly FarewellRequest[] {
    const removals = providerKeys.map((id) => ({
      method: 'DELETE' as const,
      path: `/auth/${encodeURIComponent(checkProviderID(id))}`,
    }))
    return [...removals, { method: 'POST', path: '/global/dispose' }]
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /** False when the server does not have the request in this directory (any more). */
  async #answer(
    request: RequestRef,
    kind: 'permission' | 'question',
    verb: string,
    body?: object,
  ): Promise<boolean> {
    const path = `/${kind}/${toRequestID(request.id)}/${verb}`
    const options = body === undefined ? { path } : { path, body }
    return (
      (await unless(
        'not-found',
        this.#routes.in(request.directory, 'POST', `/${kind}/{id}/${verb}`, options),
      )) !== undefined
    )
  }

  /** Tries the directory that the session itself names, if it is another one. */
  async #answerElsewhere(
    request: RequestRef,
    kind: 'permission' | 'question',
    verb: string,
    body?: object,
  ): Promise<boolean> {
    const session = await unless('not-found', this.getSession(request.sessionID))
    if (!session || session.directory === request.directory) return false
    return this.#answer({ ...request, directory: session.directory }, kind, verb, body)
  }

  #logUnknown(type: string): void {
    if (this.#unknownEvents.has(type) || this.#unknownEvents.size >= 200) return
    this.#unknownEvents.add(type)
    this.#log.debug(`client ignores events of type ${type.slice(0, 80)}`)
  }
}
