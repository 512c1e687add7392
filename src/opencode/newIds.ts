import { toBlockID, toMessageID } from './ids.ts'
import type { BlockID, MessageID } from './ids.ts'

/** Fills with random bytes; the platform's own generator unless a test gives another. */
export type RandomBytes = (length: number) => Uint8Array

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const randomLength = 14

/**
 * Makes ids for our own messages and blocks in the server's ascending form: prefix, 12 hex digits of
 * milliseconds · 4096 + counter, 14 random characters. So they sort like ids that the server makes itself,
 * and a prompt can be sent again under the same ids when its answer was lost.
 */
export class IdSource {
  readonly #random: RandomBytes
  #lastTime = 0
  #counter = 0

  constructor(random: RandomBytes = platformRandom) {
    this.#random = random
  }

  messageID(now: number): MessageID {
    return toMessageID(`msg_${this.#next(now)}`)
  }

  blockID(now: number): BlockID {
    return toBlockID(`prt_${this.#next(now)}`)
  }

  /** Rises even when the clock stands still or steps back. */
  #next(now: number): string {
    const time = Math.max(Math.trunc(now), this.#lastTime)
    this.#counter = time === this.#lastTime ? this.#counter + 1 : 1
    this.#lastTime = time
    const stamp = BigInt.asUintN(48, BigInt(time) * 4096n + BigInt(this.#counter))
    return stamp.toString(16).padStart(12, '0') + this.#randomText()
  }

  #randomText(): string {
    return Array.from(this.#random(randomLength), (byte) => alphabet.charAt(byte % alphabet.length)).join('')
  }
}

const shared = new IdSource()

/** A fresh id for a prompt that we send; `now` is epoch milliseconds. */
export function newMessageID(now: number): MessageID {
  return shared.messageID(now)
}

/** A fresh id for a part of a prompt that we send; later calls sort behind earlier ones. */
export function newBlockID(now: number): BlockID {
  return shared.blockID(now)
}

interface Platform {
  readonly crypto: { getRandomValues(bytes: Uint8Array): Uint8Array }
}

/** The shared layer is compiled without DOM and Node types, hence the narrow view of the global. */
function platformRandom(length: number): Uint8Array {
  return (globalThis as unknown as Platform).crypto.getRandomValues(new Uint8Array(length))
}
