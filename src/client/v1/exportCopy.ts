import { newBlockID, newMessageID } from '../../opencode/newIds.ts'
import type { SessionDocument } from '../history.ts'
import { fields, list, word } from '../reading.ts'

/**
 * The same conversation under ids of its own, so that a server that has the original takes it too. It belongs to
 * nobody: no parent, no link, nothing undone.
 */
export function copyDocument({ info, messages }: SessionDocument, now: number): SessionDocument {
  const ids = new Map<string, string>()
  const give = (id: unknown, make: () => string): void => {
    const known = word(id)
    if (known !== undefined) ids.set(known, make())
  }
  give(info['id'], () => newSessionID(now))
  for (const message of messages) {
    give(fields(message['info'])['id'], () => newMessageID(now))
    for (const part of list(message['parts'])) give(fields(part)['id'], () => newBlockID(now))
  }
  const { parentID: _parent, share: _share, revert: _revert, ...rest } = info
  const time = { ...fields(info['time']), updated: now, archived: undefined }
  return {
    info: fields(renamed({ ...rest, time }, ids)),
    messages: messages.map((message) => fields(renamed(message, ids))),
  }
}

/** Ids of sessions fall, so that the newest sorts first. */
function newSessionID(now: number): string {
  const rising = newMessageID(now).slice('msg_'.length)
  const stamp = BigInt.asUintN(48, ~BigInt(`0x${rising.slice(0, 12)}`))
  return `ses_${stamp.toString(16).padStart(12, '0')}${rising.slice(12)}`
}

/** Every string that is an id is exchanged, wherever it stands; other text stays as it is. */
function renamed(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return ids.get(value) ?? value
  if (Array.isArray(value)) return value.map((item) => renamed(item, ids))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renamed(item, ids)]))
}
