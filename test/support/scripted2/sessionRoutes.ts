import type { Route } from './httpServer.ts'
import type { Runner } from './runner.ts'
import { admit } from './admission.ts'
import { Config } from './config.ts'
import { clearRevert, commitRevert, stageRevert, turnDiff } from './revert.ts'
import { listMessages, listSessions } from './sessionLists.ts'
import { shell } from './tools.ts'
import type { Data, Delivery, Message, ModelRef, Rule, SessionInfo } from './wire.ts'
import { isData, Refusal, textIn } from './wire.ts'
import { newID, projectOf } from './world.ts'
import type { SessionRecord, World } from './world.ts'

export function sessionRoutes(world: World, runner: Runner): readonly Route[] {
  const of = (id: string | undefined): SessionRecord => world.session(id ?? '')
  return [
    { method: 'GET', path: '/api/session', handle: ({ query }) => listSessions(world, query) },
    { method: 'POST', path: '/api/session', handle: ({ body }) => ({ data: createSession(world, body) }) },
    {
      method: 'GET',
      path: '/api/session/active',
      handle: () => ({ data: Object.fromEntries(runner.active.map((id) => [id, { type: 'running' }])) }),
    },
    { method: 'GET', path: '/api/session/:id', handle: ({ params }) => ({ data: of(params[0]).info }) },
    {
      method: 'PATCH',
      path: '/api/session/:id',
      handle: ({ params, body }) => patchSession(world, of(params[0]), body),
    },
    {
      method: 'DELETE',
      path: '/api/session/:id',
      handle: ({ params }) => deleteSession(world, runner, of(params[0])),
    },
    {
      method: 'POST',
      path: '/api/session/:id/fork',
      handle: ({ params, body }) => ({ data: fork(world, of(params[0]), body) }),
    },
    {
      method: 'POST',
      path: '/api/session/:id/agent',
      handle: ({ params, body }) => {
        const record = of(params[0])
        const previous = record.info.agent
        record.info.agent = textIn(body, 'agent') ?? ''
        world.tell(record, 'session.agent.selected', { agent: record.info.agent, previous })
      },
    },
    {
      method: 'POST',
      path: '/api/session/:id/model',
      handle: ({ params, body }) => {
        const record = of(params[0])
        if (!isData(body['model']))
          throw new Refusal(400, 'InvalidRequestError', 'model is missing', { field: 'model' })
        record.info.model = body['model'] as unknown as ModelRef
        world.tell(record, 'session.model.selected', { model: record.info.model })
      },
    },
    {
      method: 'POST',
      path: '/api/session/:id/move',
      handle: ({ params, body }) => moveSession(world, of(params[0]), textIn(body, 'directory') ?? ''),
    },
    {
      method: 'GET',
      path: '/api/session/:id/message',
      handle: ({ params, query }) => listMessages(of(params[0]), query),
    },
    {
      method: 'GET',
      path: '/api/session/:id/message/:message',
      handle: ({ params }) => ({ data: message(of(params[0]), params[1]) }),
    },
    {
      method: 'GET',
      path: '/api/session/:id/inbox',
      handle: ({ params }) => ({ data: of(params[0]).inbox }),
    },
    {
      method: 'GET',
      path: '/api/session/:id/diff',
      handle: ({ params, query }) => ({ data: turnDiff(of(params[0]), query.get('from')) }),
    },
    ...runRoutes(world, runner, of),
    ...revertRoutes(world, runner, of),
  ]
}

type Find = (id: string | undefined) => SessionRecord

function runRoutes(world: World, runner: Runner, of: Find): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/api/session/:id/prompt',
      handle: ({ params, body }) => {
        const record = of(params[0])
        const { id: _id, delivery: _delivery, resume: _resume, ...payload } = body
        if (typeof payload['text'] !== 'string')
          throw new Refusal(400, 'InvalidRequestError', 'text is missing', { field: 'text' })
        const data = admit(world, record, {
          id: textIn(body, 'id'),
          type: 'user',
          payload,
          delivery: deliveryOf(body),
        })
        if (body['resume'] !== false && record.inbox.includes(data)) runner.wake(record)
        return { data }
      },
    },
    {
      method: 'POST',
      path: '/api/session/:id/synthetic',
      handle: ({ params, body }) => {
        const record = of(params[0])
        const { text, description, metadata } = body
        const payload = { text, description, metadata }
        const data = admit(world, record, {
          id: textIn(body, 'id'),
          type: 'synthetic',
          payload,
          delivery: deliveryOf(body),
        })
        if (body['resume'] !== false && record.inbox.includes(data)) runner.wake(record)
        return { data }
      },
    },
    {
      method: 'POST',
      path: '/api/session/:id/command',
      handle: ({ params, body }) => {
        const record = of(params[0])
        const name = textIn(body, 'name') ?? ''
        const command = new Config(record.info.location.directory).commands.get(name)
        if (!command)
          throw new Refusal(404, 'CommandNotFoundError', `Command not found: ${name}`, { command: name })
        const text = command.template.replaceAll('$ARGUMENTS', textIn(body, 'text') ?? '')
        const { files } = body
        admit(world, record, { type: 'user', payload: { text, files }, delivery: deliveryOf(body) })
        runner.wake(record)
      },
    },
    {
      method: 'POST',
      path: '/api/session/:id/shell',
      handle: ({ params, body }) => runShell(world, of(params[0]), body),
    },
    {
      method: 'POST',
      path: '/api/session/:id/interrupt',
      handle: async ({ params }) => ({ interrupted: await runner.interrupt(of(params[0])) }),
    },
    {
      method: 'POST',
      path: '/api/session/:id/resume',
      handle: async ({ params }) => {
        const record = of(params[0])
        runner.wake(record)
        await runner.settled(record.info.id)
      },
    },
    {
      method: 'POST',
      path: '/api/experimental/session/:id/wait',
      handle: ({ params }) => runner.settled(of(params[0]).info.id),
    },
    {
      method: 'POST',
      path: '/api/session/:id/background',
      handle: ({ params }) => runner.sendToBackground(of(params[0])),
    },
    {
      method: 'POST',
      path: '/api/session/:id/compact',
      handle: ({ params, body }) => {
        const record = of(params[0])
        const data = admit(world, record, {
          id: textIn(body, 'id'),
          type: 'compaction',
          payload: {},
          delivery: deliveryOf(body),
        })
        runner.wake(record)
        return { data }
      },
    },
    {
      method: 'DELETE',
      path: '/api/session/:id/inbox/:item',
      handle: ({ params }) => {
        const record = of(params[0])
        const before = record.inbox.length
        record.inbox = record.inbox.filter(({ id }) => id !== params[1])
        if (record.inbox.length < before)
          world.tell(record, 'session.inbox.cancelled', { inboxID: params[1] })
      },
    },
    {
      method: 'PATCH',
      path: '/api/session/:id/inbox/:item',
      handle: ({ params, body }) => {
        const record = of(params[0])
        const item = record.inbox.find(({ id }) => id === params[1])
        if (!item) return
        item.delivery = deliveryOf(body)
        world.tell(record, 'session.inbox.delivery.changed', { inboxID: item.id, delivery: item.delivery })
      },
    },
  ]
}

function revertRoutes(world: World, runner: Runner, of: Find): readonly Route[] {
  const idle = (id: string | undefined): SessionRecord => {
    const record = of(id)
    if (!runner.isRunning(record.info.id)) return record
    throw new Refusal(409, 'SessionBusyError', 'The session is busy.', { sessionID: record.info.id })
  }
  return [
    {
      method: 'POST',
      path: '/api/session/:id/revert/stage',
      handle: ({ params, body }) => {
        const record = idle(params[0])
        stageRevert(world, record, textIn(body, 'messageID') ?? '', body['files'] === true)
        return { data: record.info.revert }
      },
    },
    {
      method: 'DELETE',
      path: '/api/session/:id/revert',
      handle: ({ params }) => clearRevert(world, idle(params[0])),
    },
    {
      method: 'POST',
      path: '/api/session/:id/revert/commit',
      handle: ({ params }) => commitRevert(world, idle(params[0])),
    },
  ]
}

function deliveryOf(body: Data): Delivery {
  return body['delivery'] === 'queue' ? 'queue' : 'steer'
}

function createSession(world: World, body: Data): SessionInfo {
  const location = isData(body['location']) ? body['location'] : {}
  const directory = textIn(location, 'directory') ?? process.cwd()
  const [title, agent, parentID] = [textIn(body, 'title'), textIn(body, 'agent'), textIn(body, 'parentID')]
  const permissions = Array.isArray(body['permissions']) ? (body['permissions'] as Rule[]) : undefined
  const record = world.addSession({
    id: textIn(body, 'id') ?? newID('ses'),
    projectID: projectOf(directory),
    location: { directory },
    ...(title === undefined ? {} : { title }),
    ...(agent === undefined ? {} : { agent }),
    ...(parentID === undefined ? {} : { parentID }),
    ...(isData(body['model']) ? { model: body['model'] as unknown as ModelRef } : {}),
    ...(permissions === undefined ? {} : { permissions }),
  })
  world.tell(record, 'session.created', { ...record.info })
  return record.info
}

function patchSession(world: World, record: SessionRecord, body: Data): void {
  const { info } = record
  const title = textIn(body, 'title')
  if (isData(body['metadata'])) {
    info.metadata = body['metadata']
    world.tell(record, 'session.metadata.updated', { metadata: info.metadata })
  }
  if (Array.isArray(body['permissions'])) {
    info.permissions = body['permissions'] as Rule[]
    world.tell(record, 'session.permissions', { permissions: info.permissions })
  }
  if (title === undefined) return
  info.title = title
  info.time.updated = Date.now()
  world.tell(record, 'session.renamed', { title })
}

function moveSession(world: World, record: SessionRecord, directory: string): void {
  const place = { location: { directory }, projectID: projectOf(directory) }
  record.info = { ...record.info, ...place, time: { ...record.info.time, updated: Date.now() } }
  world.tell(record, 'session.moved', place)
}

async function deleteSession(world: World, runner: Runner, record: SessionRecord): Promise<void> {
  await runner.interrupt(record)
  for (const child of [...world.sessions.values()])
    if (child.info.parentID === record.info.id) await deleteSession(world, runner, child)
  world.sessions.delete(record.info.id)
  world.tell(record, 'session.deleted')
}

function fork(world: World, source: SessionRecord, body: Data): SessionInfo {
  const before = textIn(body, 'before')
  const end =
    before === undefined ? source.messages.length : source.messages.findIndex(({ id }) => id === before)
  if (end < 0) throw new Refusal(404, 'MessageNotFoundError', `Message not found: ${before ?? ''}`)
  const { projectID, location, title, agent, model } = source.info
  const boundary =
    before === undefined
      ? { type: 'through', messageID: source.messages.at(-1)?.id }
      : { type: 'before', messageID: before }
  const record = world.addSession({
    id: newID('ses'),
    projectID,
    location,
    fork: { sessionID: source.info.id, boundary },
    title: forkTitle(title),
    ...(agent === undefined ? {} : { agent }),
    ...(model === undefined ? {} : { model }),
  })
  record.messages = source.messages.slice(0, end).map((each) => ({ ...each, id: newID('msg') }))
  world.tell(record, 'session.created', { ...record.info })
  world.tell(record, 'session.forked', { parentID: source.info.id, boundary })
  return record.info
}

/** As 1.x counts them. */
function forkTitle(title = 'Session'): string {
  const [, name = title, count = '0'] = /^(.*) \(fork #(\d+)\)$/.exec(title) ?? []
  return `${name} (fork #${Number(count) + 1})`
}

function message(record: SessionRecord, id: string | undefined): Message {
  const found = record.messages.find((each) => each.id === id)
  if (found) return found
  throw new Refusal(404, 'MessageNotFoundError', `Message not found: ${id ?? ''}`, { messageID: id })
}

/** The user's own command line. */
function runShell(world: World, record: SessionRecord, body: Data): void {
  const command = textIn(body, 'command') ?? ''
  const shellID = newID('shl')
  const id = textIn(body, 'id') ?? newID('msg')
  if (record.messages.some((each) => each.id === id)) return
  const time: Message['time'] = { created: world.newTime(record) }
  const entry: Message = { id, type: 'shell', shellID, command, status: 'running', time }
  record.messages.push(entry)
  const { directory } = record.info.location
  world.tell(record, 'session.shell.started', { messageID: id, shell: { id: shellID, command } })
  void shell(world, { shellID, command, directory, sessionID: record.info.id }).then(({ output, exit }) => {
    const told = { output, cursor: output.length, size: output.length, truncated: false }
    time.completed = Date.now()
    Object.assign(entry, { status: 'exited', exit, output: told })
    world.tell(record, 'session.shell.ended', {
      messageID: id,
      shell: { id: shellID, command, exit },
      output: told,
    })
  })
}
