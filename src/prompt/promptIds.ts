import { randomBytes } from 'node:crypto'
import { toBlockID, toMessageID } from '../opencode/ids.ts'
import type { BlockID, MessageID } from '../opencode/ids.ts'

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
let lastStamp = 0n

/** A message id of ours: rises with time, as the server's own do, and is never made twice. */
export function createMessageID(now: number = Date.now()): MessageID {
  return toMessageID(`msg_${ascending(now)}`)
}

/** A block id of ours. */
export function createBlockID(now: number = Date.now()): BlockID {
  return toBlockID(`prt_${ascending(now)}`)
}

/** 12 hex digits of milliseconds · 4096 plus a counter, then 14 random letters. */
function ascending(now: number): string {
  const stamp = BigInt(now) * 4096n
  lastStamp = stamp > lastStamp ? stamp : lastStamp + 1n
  const hex = (lastStamp & 0xffffffffffffn).toString(16).padStart(12, '0')
  const random = Array.from(randomBytes(14), (byte) => letters[byte % letters.length]).join('')
  return hex + random
}
