import { isSessionID } from '../../opencode/ids.ts'
import type { BlockID, MessageID, SessionID } from '../../opencode/ids.ts'
import type { SessionAction } from '../../session/actions.ts'
import type { ServerEvent } from '../connection.ts'
import { readBlock, readBlockID } from './blocks.ts'
import { readHead, readRunError } from './messages.ts'
import { isCredentialCheck } from './directory.ts'
import { fields, text, word } from '../reading.ts'
import type { Fields } from '../reading.ts'
import type { RequestLedger } from './requestLedger.ts'
import { readPermission, readQuestion, readRequestID } from './requests.ts'
import { readMessageID, readSession, readStatus, readTodos } from './sessions.ts'
import type { WireEventType } from './wire.ts'

type Handler = (properties: Fields, directory: string | undefined) => readonly ServerEvent[]

/**
 * Turns events of `/global/event` into what they mean to us. Total: types it does not know and shapes that
 * make no sense give nothing. It remembers open requests and open texts, because the server does not say
 * when an abort or a repeated step makes them void.
 */
export class EventDecoder {
  readonly #ledger: RequestLedger
  readonly #onUnknown: (type: string) => void
  readonly #openTexts = new Map<MessageID, Set<BlockID>>()
  readonly #handlers: ReadonlyMap<string, Handler>

  constructor(ledger: RequestLedger, onUnknown: (type: string) => void = () => undefined) {
    this.#ledger = ledger
    this.#onUnknown = onUnknown
    this.#handlers = this.#table()
  }

  decode(event: unknown): readonly ServerEvent[] {
    const envelope = fields(event)
    const payload = fields(envelope['payload'])
    const type = text(payload['type'])
    if (type === undefined || type === 'sync') return nothing
    const directory = readDirectory(envelope['directory'])
    if (directory !== undefined && isCredentialCheck(directory)) return nothing
    const handler = this.#handlers.get(type)
    if (handler) return handler(fields(payload['properties']), directory)
    this.#onUnknown(type)
    return nothing
  }

  #table(): ReadonlyMap<string, Handler> {
    const handlers: { readonly [type in WireEventType]?: Handler } = {
      'server.connected': () => this.#restart(),
      'session.created': (properties, directory) => putSession(properties, directory),
      'session.updated': (properties, directory) => putSession(properties, directory),
      'session.deleted': (properties) => this.#sessionDeleted(properties),
      'session.status': (properties, directory) => this.#status(properties, directory),
      'session.idle': (properties, directory) => this.#idle(properties, directory),
      'session.error': (properties, directory) => failed(properties, directory),
      'message.updated': (properties, directory) => this.#message(properties, directory),
      'message.removed': (properties, directory) => removedMessage(properties, directory),
      'message.part.updated': (properties, directory) => this.#part(properties, directory),
      'message.part.delta': (properties, directory) => delta(properties, directory),
      'message.part.removed': (properties, directory) => removedPart(properties, directory),
      'permission.asked': (properties, directory) => this.#permission(properties, directory),
      'permission.replied': (properties, directory) => this.#settled(properties, directory),
      'question.asked': (properties, directory) => this.#question(properties, directory),
      'question.replied': (properties, directory) => this.#settled(properties, directory),
      'question.rejected': (properties, directory) => this.#settled(properties, directory),
      'todo.updated': (properties, directory) =>
        ofSession(properties, directory, { type: 'todos', todos: readTodos(properties['todos']) }),
      'file.edited': (properties, directory) => edited(properties, directory),
      'server.instance.disposed': (properties, directory) => [
        { kind: 'reset', directory: readDirectory(properties['directory']) ?? directory },
      ],
      'global.disposed': () => [{ kind: 'reset', directory: undefined }],
      'catalog.updated': (_properties, directory) => [{ kind: 'catalog', directory }],
      'integration.updated': (_properties, directory) => [{ kind: 'catalog', directory }],
      'mcp.tools.changed': (_properties, directory) => [{ kind: 'catalog', directory }],
      ...Object.fromEntries(withoutMeaning.map((type) => [type, () => nothing])),
    }
    return new Map(Object.entries(handlers))
  }

  /** A new connection starts with empty hands: what was open is fetched again. */
  #restart(): readonly ServerEvent[] {
    this.#openTexts.clear()
    this.#ledger.clear()
    return nothing
  }

  #sessionDeleted(properties: Fields): readonly ServerEvent[] {
    const sessionID = readSessionID(properties) ?? readSession(properties['info'])?.id
    if (!isSessionID(sessionID)) return nothing
    this.#ledger.takeAll(sessionID)
    return [{ kind: 'session-removed', sessionID }]
  }

  #status(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
    const status = readStatus(properties['status'])
    if (status.kind === 'idle') return this.#idle(properties, directory)
    return ofSession(properties, directory, { type: 'status', status })
  }

  #idle(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
    const sessionID = readSessionID(properties)
    if (sessionID === undefined) return nothing
    const stale = this.#ledger
      .takeAll(sessionID)
      .map((requestID): SessionAction => ({ type: 'request/removed', requestID }))
    const actions: readonly SessionAction[] = [...stale, { type: 'status', status: { kind: 'idle' } }]
    return actions.map((action) => ({ kind: 'session', sessionID, directory, action }))
  }

  #message(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
    const message = readHead(properties['info'])
    if (!message) return nothing
    if (message.role === 'assistant' && message.completed !== undefined) this.#openTexts.delete(message.id)
    const sessionID = readSessionID(properties) ?? readSessionID(fields(properties['info']))
    return ofSession({ sessionID }, directory, { type: 'message/put', message })
  }

  #part(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
    const part = fields(properties['part'])
    const messageID = readMessageID(part['messageID'])
    const sessionID = readSessionID(part) ?? readSessionID(properties)
    if (messageID === undefined || sessionID === undefined) return nothing
    if (part['type'] === 'step-start') return this.#discard(messageID, sessionID, directory)
    const block = readBlock(part)
    if (!block) return nothing
    if ('open' in block) this.#note(messageID, block.id, block.open)
    return [{ kind: 'session', sessionID, directory, action: { type: 'block/put', messageID, block } }]
  }

  /** A step that starts while a text is open repeats a broken one: that text is void. */
  #discard(
    messageID: MessageID,
    sessionID: SessionID,
    directory: string | undefined,
  ): readonly ServerEvent[] {
    const open = this.#openTexts.get(messageID)
    if (!open) return nothing
    this.#openTexts.delete(messageID)
    return [...open].map((blockID) => ({
      kind: 'session',
      sessionID,
      directory,
      action: { type: 'block/removed', messageID, blockID },
    }))
  }

  #note(messageID: MessageID, blockID: BlockID, isOpen: boolean): void {
    const open = this.#openTexts.get(messageID)
    if (isOpen && open) open.add(blockID)
    else if (isOpen) this.#openTexts.set(messageID, new Set([blockID]))
    else if (open?.delete(blockID) === true && open.size === 0) this.#openTexts.delete(messageID)
  }

  #permission(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
    const request = readPermission(properties, directory ?? '')
    if (!request) return nothing
    this.#ledger.add(request.sessionID, request.id)
    return ofSession(properties, directory, { type: 'request/put', request })
  }

  #question(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
    const request = readQuestion(properties, directory ?? '')
    if (!request) return nothing
    this.#ledger.add(request.sessionID, request.id)
    return ofSession(properties, directory, { type: 'request/put', request })
  }

  #settled(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
    const requestID = readRequestID(properties['requestID']) ?? readRequestID(properties['permissionID'])
    const sessionID = readSessionID(properties)
    if (requestID === undefined || sessionID === undefined) return nothing
    this.#ledger.remove(sessionID, requestID)
    return ofSession(properties, directory, { type: 'request/removed', requestID })
  }
}

/** Half of the stream: a second copy of each durable event, which is not worth parsing. */
export function isSyncCopy(data: string): boolean {
  const at = data.indexOf('"payload":{')
  return at >= 0 && data.startsWith('{"type":"sync"', at + '"payload":'.length)
}

const nothing: readonly ServerEvent[] = []

/** Known and on purpose without effect. */
const withoutMeaning: readonly (WireEventType | 'server.heartbeat')[] = [
  'server.heartbeat',
  'session.diff',
  'session.compacted',
  'command.executed',
  'file.watcher.updated',
  'vcs.branch.updated',
  'project.updated',
  'plugin.added',
  'reference.updated',
]

function ofSession(
  properties: Fields,
  directory: string | undefined,
  action: SessionAction,
): readonly ServerEvent[] {
  const sessionID = readSessionID(properties)
  return sessionID === undefined ? nothing : [{ kind: 'session', sessionID, directory, action }]
}

function putSession(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
  const session = readSession(properties['info'])
  if (!session) return nothing
  const place = session.directory === '' ? directory : session.directory
  return [
    { kind: 'session', sessionID: session.id, directory: place, action: { type: 'session/put', session } },
  ]
}

function failed(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
  const error = readRunError(properties['error'])
  return error ? ofSession(properties, directory, { type: 'error', error }) : nothing
}

function removedMessage(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
  const messageID = readMessageID(properties['messageID'])
  return messageID ? ofSession(properties, directory, { type: 'message/removed', messageID }) : nothing
}

function removedPart(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
  const messageID = readMessageID(properties['messageID'])
  const blockID = readBlockID(properties['partID'])
  if (messageID === undefined || blockID === undefined) return nothing
  return ofSession(properties, directory, { type: 'block/removed', messageID, blockID })
}

function delta(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
  const messageID = readMessageID(properties['messageID'])
  const blockID = readBlockID(properties['partID'])
  const added = text(properties['delta'])
  if (properties['field'] !== 'text' || messageID === undefined || blockID === undefined || !added)
    return nothing
  return ofSession(properties, directory, { type: 'block/append', messageID, blockID, text: added })
}

function edited(properties: Fields, directory: string | undefined): readonly ServerEvent[] {
  const path = word(properties['file'])
  return path === undefined ? nothing : [{ kind: 'file-edited', directory, path }]
}

function readSessionID(value: Fields): SessionID | undefined {
  return isSessionID(value['sessionID']) ? value['sessionID'] : undefined
}

/** Server-wide events come without a directory, or with the word "global". */
function readDirectory(value: unknown): string | undefined {
  const path = word(value)
  return path !== undefined && /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(path) ? path : undefined
}
