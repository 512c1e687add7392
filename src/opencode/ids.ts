import { OpencodeError } from './errors.ts'

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** Id of a session as the server gave it: `ses` + up to 128 of `A–Z a–z 0–9 _ -`. */
export type SessionID = Branded<'SessionID'>
/** Id of a message; ours start with `msg_`. Opaque: never compared for order. */
export type MessageID = Branded<'MessageID'>
/** Id of one block inside a message (a part on the 1.x wire). Unique within its message. */
export type BlockID = Branded<'BlockID'>
/** Id of a permission or question request. */
export type RequestID = Branded<'RequestID'>

const sessionPattern = /^ses[\w-]{1,128}$/
const plainPattern = /^[\w.:~-]{1,256}$/

/** Reads an id that may stand in a URL path. @throws OpencodeError `invalid-id` for anything else. */
export function toSessionID(value: unknown): SessionID {
  return checked(value, sessionPattern, 'session') as SessionID
}

/** Reads a message id. @throws OpencodeError `invalid-id` */
export function toMessageID(value: unknown): MessageID {
  return checked(value, plainPattern, 'message') as MessageID
}

/** Reads a block id. @throws OpencodeError `invalid-id` */
export function toBlockID(value: unknown): BlockID {
  return checked(value, plainPattern, 'block') as BlockID
}

/** Reads the id of a permission or question request. @throws OpencodeError `invalid-id` */
export function toRequestID(value: unknown): RequestID {
  return checked(value, plainPattern, 'request') as RequestID
}

export function isSessionID(value: unknown): value is SessionID {
  return typeof value === 'string' && sessionPattern.test(value)
}

function checked(value: unknown, pattern: RegExp, what: string): string {
  if (typeof value === 'string' && pattern.test(value)) return value
  const shown = typeof value === 'string' ? JSON.stringify(value).slice(0, 80) : typeof value
  throw new OpencodeError('invalid-id', `This is not a ${what} id: ${shown}`)
}
