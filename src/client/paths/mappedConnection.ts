import type { SessionID } from '../../opencode/ids.ts'
import type { Request, RunStatus, Session } from '../../session/model.ts'
import type { Connection, RequestRef, ServerEvent } from '../connection.ts'
import {
  actionToHost,
  changeToHost,
  messageToHost,
  promptToServer,
  requestToHost,
  sessionToHost,
} from './mappedModel.ts'
import {
  mapCommands,
  mapFeatures,
  mapFiles,
  mapHistory,
  mapLibrary,
  mapOptional,
  mapProviders,
} from './mappedGroups.ts'
import { PathMap, type PathRule } from './pathMap.ts'

/** The path map behind each connection that `mapPaths` made. */
const maps = new WeakMap<Connection, PathMap>()
const identity = new PathMap([])

/** How the server of a connection names files; needed where a path is found in free text, e.g. a link. */
export function pathsOf(connection: Connection | undefined): PathMap {
  return (connection && maps.get(connection)) ?? identity
}

/**
 * A connection whose callers use the paths of this machine only: each one is translated where it crosses, in
 * both directions. Without rules the connection itself is returned.
 */
export function mapPaths(connection: Connection, rules: readonly PathRule[] | undefined): Connection {
  if (rules === undefined || rules.length === 0) return connection
  const paths = new PathMap(rules)
  const mapped = paths.isIdentity ? connection : decorate(connection, paths)
  maps.set(mapped, paths)
  return mapped
}

function decorate(inner: Connection, paths: PathMap): Connection {
  const toServer = (path: string): string => paths.toServer(path)
  const session = async (answer: Promise<Session>): Promise<Session> => sessionToHost(paths, await answer)
  const ref = (request: RequestRef): RequestRef => ({ ...request, directory: toServer(request.directory) })
  return {
    version: inner.version,
    url: inner.url,
    capabilities: inner.capabilities,
    files: mapFiles(inner.files, paths),
    history: mapHistory(inner.history, paths),
    commands: mapCommands(inner.commands, paths),
    providers: mapProviders(inner.providers, paths),
    features: mapFeatures(inner.features, paths),
    library: mapLibrary(inner.library, paths),
    runs: inner.runs,
    places: inner.places,
    pictures: inner.pictures,
    ...mapOptional(inner, paths),
    get metrics() {
      return inner.metrics
    },
    events: (signal) => eventsToHost(inner.events(signal), paths),
    ping: (signal) => inner.ping(signal),
    listSessions: async (query) => {
      const found = await inner.listSessions({ ...query, directory: toServer(query.directory) })
      return found.map((item) => sessionToHost(paths, item))
    },
    createSession: (directory, options) => session(inner.createSession(toServer(directory), options)),
    getSession: (id) => session(inner.getSession(id)),
    renameSession: (id, title) => session(inner.renameSession(id, title)),
    deleteSession: (id) => inner.deleteSession(id),
    readMessages: async (id, limit, older) => {
      const page = await inner.readMessages(id, limit, older)
      return { ...page, messages: page.messages.map((message) => messageToHost(paths, message)) }
    },
    readTodos: (id) => inner.readTodos(id),
    readStatus: (directory): Promise<ReadonlyMap<SessionID, RunStatus>> =>
      inner.readStatus(toServer(directory)),
    readRequests: async (directory): Promise<readonly Request[]> =>
      (await inner.readRequests(toServer(directory))).map((request) => requestToHost(paths, request)),
    readToolOutput: (id, messageID, callID) => inner.readToolOutput(id, messageID, callID),
    turnDiff: async (id, messageID) =>
      (await inner.turnDiff(id, messageID)).map((change) => changeToHost(paths, change)),
    prompt: (id, prompt) => inner.prompt(id, promptToServer(paths, prompt)),
    abort: (id) => inner.abort(id),
    replyPermission: (request, reply, message) => inner.replyPermission(ref(request), reply, message),
    replyQuestion: (request, answers) => inner.replyQuestion(ref(request), answers),
    rejectQuestion: (request) => inner.rejectQuestion(ref(request)),
    readCatalog: (directory) => inner.readCatalog(toServer(directory)),
    providerCredential: (directory, id) => inner.providerCredential(toServer(directory), id),
    setProviderKey: (id, key) => inner.setProviderKey(id, key),
    removeProviderKey: (id) => inner.removeProviderKey(id),
    reload: (directory) => inner.reload(toServer(directory)),
    findFiles: async (directory, query, limit, signal) =>
      (await inner.findFiles(toServer(directory), query, limit, signal)).map((path) => paths.toHost(path)),
    disposeAll: () => inner.disposeAll(),
    farewell: (keys) => inner.farewell(keys),
    close: () => inner.close(),
  }
}

async function* eventsToHost(events: AsyncIterable<ServerEvent>, paths: PathMap): AsyncIterable<ServerEvent> {
  for await (const event of events) yield eventToHost(event, paths)
}

function eventToHost(event: ServerEvent, paths: PathMap): ServerEvent {
  if (!('directory' in event)) return event
  const directory = event.directory === undefined ? undefined : paths.toHost(event.directory)
  if (event.kind === 'session') return { ...event, directory, action: actionToHost(paths, event.action) }
  if (event.kind === 'file-edited') return { ...event, directory, path: paths.toHost(event.path) }
  return { ...event, directory }
}
