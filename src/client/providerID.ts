import { createHash } from 'node:crypto'
import { OpencodeError } from '../opencode/errors.ts'

/** SHA-256 in hex: enough to tell our key from another one, useless to anybody else. */
export function fingerprint(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** @throws OpencodeError `invalid-id` for a provider id that may not stand in a path. */
export function checkProviderID(providerID: string): string {
  if (/^[\w@][\w.@-]{0,99}$/.test(providerID)) return providerID
  throw new OpencodeError(
    'invalid-id',
    `This is not a provider id: ${JSON.stringify(providerID).slice(0, 80)}`,
  )
}
