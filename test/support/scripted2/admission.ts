import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Data, Delivery, InboxItem, Message } from './wire.ts'
import { isData, Refusal, textIn } from './wire.ts'
import { newID } from './world.ts'
import type { SessionRecord, World } from './world.ts'

const fileLimitBytes = 20 * 1024 * 1024

export interface Admitted {
  readonly id?: string | undefined
  readonly type: InboxItem['type']
  readonly payload: Data
  readonly delivery: Delivery
}

/** Takes a prompt or the like into the inbox; the same again is the same item. */
export function admit(world: World, record: SessionRecord, asked: Admitted): InboxItem {
  const { type, payload, delivery } = asked
  if (asked.id !== undefined && !asked.id.startsWith('msg_'))
    throw new Refusal(400, 'InvalidRequestError', 'id: expected a string that starts with msg_', {
      field: 'id',
    })
  const id = asked.id ?? newID('msg')
  const content = JSON.stringify([type, payload])
  const known = record.admitted[id]
  const item: InboxItem = {
    id,
    sessionID: record.info.id,
    time: { created: Date.now() },
    type,
    payload,
    delivery,
  }
  if (known !== undefined) {
    if (known !== content) throw new Refusal(409, 'ConflictError', `The id ${id} is taken by another prompt.`)
    return record.inbox.find((each) => each.id === id) ?? item
  }
  record.admitted[id] = content
  record.inbox.push(item)
  world.tell(record, 'session.inbox.enqueued', { inboxID: id, item: { type, payload, delivery } })
  return item
}

/** Moves what is due from the inbox into the history. False: it was nothing but a summary, which needs no answer. */
export async function deliver(
  world: World,
  record: SessionRecord,
  compact: (message: Message) => Promise<void>,
): Promise<boolean> {
  const due = record.inbox.filter(({ delivery }) => delivery === 'steer')
  for (const item of due) {
    record.inbox = record.inbox.filter((each) => each !== item)
    const message = toMessage(world, record, item)
    record.messages.push(message)
    world.tell(record, 'session.inbox.delivered', { inboxID: item.id })
    if (item.type === 'compaction') await compact(message)
  }
  return due.length === 0 || due.some(({ type }) => type !== 'compaction')
}

function toMessage(world: World, record: SessionRecord, { id, type, payload }: InboxItem): Message {
  const time = { created: world.newTime(record) }
  if (type === 'compaction') return { id, type, status: 'running', reason: 'manual', time }
  const files = Array.isArray(payload['files'])
    ? payload['files'].filter(isData).flatMap((file) => embed(file))
    : []
  return { ...payload, id, type, time, ...(files.length > 0 ? { files } : { files: undefined }) }
}

/** The bytes of a file go into the message; one that cannot be read is left out. */
function embed(file: Data): readonly Data[] {
  const uri = textIn(file, 'uri') ?? ''
  const { name, description, mention } = file
  const rest = { name, description, mention }
  const inline = /^data:([^;,]*)(?:;[^,]*)?;base64,(.*)$/s.exec(uri)
  if (inline) return [{ ...rest, mime: inline[1], data: inline[2], source: { type: 'inline' } }]
  if (!uri.startsWith('file:')) return []
  const url = new URL(uri)
  const [start, end] = [url.searchParams.get('start'), url.searchParams.get('end')]
  url.search = ''
  const file_ = fileURLToPath(url)
  try {
    if (statSync(file_).size > fileLimitBytes) return []
    const text = readFileSync(file_)
    const cut =
      start === null
        ? text
        : Buffer.from(
            text
              .toString('utf8')
              .split('\n')
              .slice(Number(start) - 1, Number(end ?? start))
              .join('\n'),
          )
    const mime = path.extname(file_) === '.png' ? 'image/png' : 'text/plain'
    return [{ ...rest, mime, data: cut.toString('base64'), source: { type: 'uri', uri } }]
  } catch {
    return []
  }
}
