import { isSessionID } from '../../opencode/ids.ts'
import type { SessionID } from '../../opencode/ids.ts'
import type { SessionAction } from '../../session/actions.ts'
import { collect, fields, number, text, word } from '../reading.ts'
import { readFileDiff } from '../fileDiffs.ts'
import type { EventHandler, LiveEvents, WireEvent } from './live.ts'
import { readDelivery } from './messages.ts'
import { readForm, readPermission } from './requests.ts'
import { readMessageID, readModelRef, readRequestID, readRunError } from './sessions.ts'
import { readTokens } from '../tokens.ts'

type SessionHandler = (live: LiveEvents, sessionID: SessionID, event: WireEvent) => void | Promise<void>

const touch: SessionHandler = (live, sessionID) => live.touch(sessionID)
const tail: SessionHandler = (live, sessionID) => live.refetchTail(sessionID)
const work: EventHandler = (live, { directory }) => live.push({ kind: 'work', directory })
const catalog: EventHandler = (live, { directory }) => live.push({ kind: 'catalog', directory })

const ofSessions: Readonly<Record<string, SessionHandler>> = {
  'session.created': (live, sessionID, { data }) => {
    live.placed(sessionID, word(fields(data['location'])['directory']))
    live.touch(sessionID)
  },
  'session.renamed': touch,
  'session.forked': touch,
  // Both folders list other sessions now; which one it was in before is not told.
  'session.moved': (live, sessionID, { data }) => {
    live.placed(sessionID, word(fields(data['location'])['directory']))
    live.push({ kind: 'reset', directory: undefined })
  },
  'session.agent.selected': touch,
  'session.model.selected': touch,
  'session.metadata.updated': touch,
  'session.revert.staged': touch,
  'session.revert.cleared': touch,
  'session.deleted': (live, sessionID) => {
    live.forget(sessionID)
    live.push({ kind: 'session-removed', sessionID })
  },
  // Messages are gone: everything is read again.
  'session.revert.committed': (live, sessionID) => {
    live.touch(sessionID)
    live.push({ kind: 'reset', directory: live.directoryOf(sessionID) })
  },

  'session.inbox.enqueued': (live, sessionID, { data, created }) => {
    if (live.isFollowed(sessionID))
      live.admitted(sessionID, { ...fields(data['item']), id: data['inboxID'], time: { created } })
  },
  'session.inbox.delivered': delivered,
  'session.inbox.delivery.changed': async (live, sessionID, { data }) => {
    const messageID = readMessageID(data['inboxID'])
    if (messageID !== undefined && live.isFollowed(sessionID))
      await live.redelivered(sessionID, messageID, readDelivery(data['delivery']))
  },
  'session.inbox.cancelled': (live, sessionID, { data }) => {
    const messageID = readMessageID(data['inboxID'])
    if (messageID !== undefined) live.emit(sessionID, { type: 'message/removed', messageID })
  },

  'session.execution.started': (live, sessionID) => {
    live.emit(sessionID, { type: 'status', status: { kind: 'busy' } })
    live.touch(sessionID)
  },
  'session.execution.succeeded': (live, sessionID) => runEnded(live, sessionID),
  'session.execution.failed': (live, sessionID, { data }) => {
    const error = readRunError(data['error']) ?? unknownFailure
    runEnded(live, sessionID, { type: 'error', error })
  },
  'session.execution.interrupted': (live, sessionID, { data }) => {
    const name = text(data['reason']) ?? 'interrupted'
    const error = { name, message: 'The run was stopped.', kind: 'aborted' as const }
    runEnded(live, sessionID, { type: 'error', error })
  },

  'session.step.started': stepStarted,
  'session.step.ended': (live, sessionID, { data }) => live.ended(sessionID, data),
  'session.step.failed': (live, sessionID, { data }) => live.ended(sessionID, data),
  'session.retry.scheduled': retryScheduled,
  'session.message.content.updated': async (live, sessionID, { data }) => {
    const messageID = readMessageID(data['messageID'])
    if (messageID !== undefined && live.isFollowed(sessionID)) await live.refetch(sessionID, messageID)
  },

  'session.text.started': (live, sessionID, event) => textStarted(live, sessionID, event, 'text'),
  'session.text.delta': (live, sessionID, event) => textDelta(live, sessionID, event, 'text'),
  'session.text.ended': (live, sessionID, event) => textEnded(live, sessionID, event, 'text'),
  'session.reasoning.started': (live, sessionID, event) => textStarted(live, sessionID, event, 'reasoning'),
  'session.reasoning.delta': (live, sessionID, event) => textDelta(live, sessionID, event, 'reasoning'),
  'session.reasoning.ended': (live, sessionID, event) => textEnded(live, sessionID, event, 'reasoning'),

  'session.tool.input.started': async (live, sessionID, { data, created }) => {
    const track = await live.track(sessionID, data)
    if (track) live.emit(sessionID, ...track.toolStarted(data, created))
  },
  'session.tool.input.delta': async (live, sessionID, { data }) => {
    const track = await live.track(sessionID, data)
    if (track) live.emit(sessionID, ...track.toolDelta(data))
  },
  'session.tool.input.ended': toolChange(({ data }) => ({ status: 'streaming', input: data['text'] })),
  'session.tool.called': toolChange(
    ({ data }) => ({ status: 'running', input: data['input'], metadata: {} }),
    'ran',
  ),
  'session.tool.progress': toolProgress,
  'session.tool.success': async (live, sessionID, event) => {
    const { content, metadata } = event.data
    await toolChange(() => ({ status: 'completed', content, metadata }), 'completed')(live, sessionID, event)
    const directory = event.directory ?? live.directoryOf(sessionID)
    for (const { path } of collect(fields(metadata)['files'], readFileDiff))
      live.push({ kind: 'file-edited', directory, path })
  },
  'session.tool.failed': toolChange(
    ({ data: { error, content, metadata } }) => ({ status: 'error', error, content, metadata }),
    'completed',
  ),

  'session.synthetic': tail,
  'session.skill.activated': tail,
  'session.shell.started': tail,
  'session.shell.ended': tail,
  'session.compaction.started': tail,
  'session.compaction.delta': (live, sessionID, { data }) =>
    live.summarized(sessionID, text(data['text']) ?? ''),
  'session.compaction.ended': tail,
  'session.compaction.failed': tail,

  'permission.asked': async (live, sessionID, { data, directory }) => {
    const request = readPermission(data, directory ?? (await live.whereabouts(sessionID)) ?? '')
    if (request) live.emit(sessionID, { type: 'request/put', request })
  },
  'permission.replied': (live, sessionID, { data, directory }) => {
    settled(live, sessionID, data['requestID'])
    if (data['reply'] === 'always') live.push({ kind: 'work', directory })
  },
  'form.replied': (live, sessionID, { data }) => settled(live, sessionID, data['id']),
  'form.cancelled': (live, sessionID, { data }) => settled(live, sessionID, data['id']),
}

const ofServer: Readonly<Record<string, EventHandler>> = {
  'form.created': async (live, { data, directory }) => {
    const form = fields(data['form'])
    const { sessionID } = form
    if (!isSessionID(sessionID)) return
    const request = readForm(form, directory ?? (await live.whereabouts(sessionID)) ?? '')
    if (request) live.emit(sessionID, { type: 'request/put', request })
  },
  'location.shutdown': (live, { directory }) => live.push({ kind: 'reset', directory }),
  'agent.updated': catalog,
  'command.updated': catalog,
  'config.updated': catalog,
  'credential.switched': catalog,
  'credential.updated': catalog,
  'integration.updated': catalog,
  'model.updated': catalog,
  'models-dev.refreshed': catalog,
  'provider.updated': catalog,
  'skill.updated': catalog,
  'shell.created': work,
  'shell.deleted': work,
  'shell.exited': work,
  'vcs.branch.updated': work,
  'worktree.updated': work,
  ...Object.fromEntries(
    [
      'filesystem.changed',
      'mcp.resources.changed',
      'mcp.status.changed',
      'plugin.updated',
      'project.updated',
      'reference.updated',
      'server.connected',
      'session.instructions.updated',
      'session.permissions',
      'session.step.streamed',
      'session.usage.updated',
      'session.viewed',
      'worktree.resolved',
    ].map((type) => [type, () => undefined]),
  ),
}

/** What is done for each type of event; types that are not in it mean nothing to us. */
export const handlers: ReadonlyMap<string, EventHandler> = new Map([
  ...Object.entries(ofSessions).map(([type, handle]): [string, EventHandler] => [
    type,
    (live, event) => {
      const { sessionID } = event.data
      return isSessionID(sessionID) ? handle(live, sessionID, event) : undefined
    },
  ]),
  ...Object.entries(ofServer),
])

const unknownFailure = { name: 'unknown', message: 'The run failed.', kind: 'other' as const }

/** The prompt stands in the history now, as the server stores it. */
async function delivered(live: LiveEvents, sessionID: SessionID, { data }: WireEvent): Promise<void> {
  const messageID = readMessageID(data['inboxID'])
  live.touch(sessionID)
  if (messageID === undefined || !live.isFollowed(sessionID)) return
  await live.delivered(sessionID, messageID)
}

function runEnded(live: LiveEvents, sessionID: SessionID, ...before: readonly SessionAction[]): void {
  live.retrying.delete(sessionID)
  live.emit(sessionID, ...before, { type: 'status', status: { kind: 'idle' } })
  live.touch(sessionID)
}

function stepStarted(live: LiveEvents, sessionID: SessionID, { data, created }: WireEvent): void {
  const id = readMessageID(data['assistantMessageID'])
  endRetry(live, sessionID)
  if (id === undefined) return
  live.begin(sessionID, id)
  const agent = word(data['agent'])
  const model = readModelRef(data['model'])
  const message = {
    id,
    role: 'assistant' as const,
    created: number(data['started']) ?? created ?? 0,
    cost: 0,
    tokens: readTokens(undefined),
    ...(agent === undefined ? {} : { agent }),
    ...(model === undefined ? {} : { model }),
  }
  live.emit(sessionID, { type: 'message/put', message })
}

async function retryScheduled(live: LiveEvents, sessionID: SessionID, { data }: WireEvent): Promise<void> {
  const message = readRunError(data['error'])?.message ?? ''
  const status = {
    kind: 'retry' as const,
    attempt: number(data['attempt']) ?? 1,
    message,
    next: number(data['at']) ?? 0,
  }
  live.retrying.add(sessionID)
  live.emit(sessionID, { type: 'status', status })
  const messageID = readMessageID(data['assistantMessageID'])
  if (messageID !== undefined) await live.restart(sessionID, messageID)
}

function endRetry(live: LiveEvents, sessionID: SessionID): void {
  if (live.retrying.delete(sessionID)) live.emit(sessionID, { type: 'status', status: { kind: 'busy' } })
}

type TextKind = 'text' | 'reasoning'

async function textStarted(
  live: LiveEvents,
  id: SessionID,
  { data, created }: WireEvent,
  kind: TextKind,
): Promise<void> {
  endRetry(live, id)
  const track = await live.track(id, data)
  if (track) live.emit(id, ...track.textStarted(kind, data, created))
}

async function textDelta(
  live: LiveEvents,
  id: SessionID,
  { data }: WireEvent,
  kind: TextKind,
): Promise<void> {
  const track = await live.track(id, data)
  if (track) live.emit(id, ...track.delta(kind, data))
}

async function textEnded(
  live: LiveEvents,
  id: SessionID,
  { data, created }: WireEvent,
  kind: TextKind,
): Promise<void> {
  const track = await live.track(id, data)
  if (track) live.emit(id, ...track.textEnded(kind, data, created))
}

function toolChange(
  state: (event: WireEvent) => Readonly<Record<string, unknown>>,
  time?: 'ran' | 'completed',
): SessionHandler {
  return async (live, sessionID, event) => {
    endRetry(live, sessionID)
    const track = await live.track(sessionID, event.data)
    if (time === 'completed') live.shells.end(text(event.data['id']) ?? '')
    const times = time === undefined ? {} : { [time]: event.created }
    if (track) live.emit(sessionID, ...track.toolChanged(event.data, state(event), times))
  }
}

async function toolProgress(live: LiveEvents, sessionID: SessionID, event: WireEvent): Promise<void> {
  const { data } = event
  await toolChange(() => ({ metadata: data['metadata'] }))(live, sessionID, event)
  const track = await live.track(sessionID, data)
  const shellID = word(fields(data['metadata'])['shellID'])
  const callID = word(data['id'])
  if (!track || shellID === undefined || callID === undefined || !live.isFollowed(sessionID)) return
  const shell = { id: shellID, directory: event.directory ?? live.directoryOf(sessionID) }
  live.shells.begin(callID, shell, (output) => {
    const content = [{ type: 'text', text: output }]
    live.emit(sessionID, ...track.toolChanged({ id: callID }, { content }))
  })
}

function settled(live: LiveEvents, sessionID: SessionID, id: unknown): void {
  const requestID = readRequestID(id)
  if (requestID !== undefined) live.emit(sessionID, { type: 'request/removed', requestID })
}
