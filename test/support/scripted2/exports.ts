import type { Route } from './httpServer.ts'
import type { Data, Message, SessionInfo } from './wire.ts'
import { isData, Refusal, textIn } from './wire.ts'
import { projectOf } from './world.ts'
import type { World } from './world.ts'

/** Sessions as files. */
export function exportRoutes(world: World): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/experimental/session/:id/export',
      handle: ({ params: [id = ''] }) => {
        const { info, messages } = world.session(id)
        return { data: { info, messages } }
      },
    },
    {
      method: 'POST',
      path: '/api/experimental/session/import',
      handle: ({ body }) => ({ data: takeIn(world, body) }),
    },
  ]
}

function takeIn(world: World, { info, messages, location }: Data): SessionInfo {
  const id = isData(info) ? textIn(info, 'id') : undefined
  if (!isData(info) || id === undefined || !Array.isArray(messages))
    throw new Refusal(400, 'InvalidRequestError', 'info and messages are needed', { kind: 'Body' })
  if (world.sessions.has(id)) throw new Refusal(409, 'ConflictError', `The session ${id} is there already.`)
  const own = isData(info['location']) ? textIn(info['location'], 'directory') : undefined
  const directory = (isData(location) ? textIn(location, 'directory') : own) ?? process.cwd()
  const wanted = { ...(info as unknown as SessionInfo), id, location: { directory } }
  const record = world.addSession({ ...wanted, projectID: projectOf(directory) })
  record.messages = messages as Message[]
  world.tell(record, 'session.created', { ...record.info })
  return record.info
}
